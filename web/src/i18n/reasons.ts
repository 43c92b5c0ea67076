import type { Texts } from './text';
import en from './reasons.en.json';
import zh from './reasons.zh.json';

declare module './console_text' {
    interface FolderKeys {
        i18n: keyof typeof en;
    }
}

export const reasonTexts: Texts<keyof typeof en> = { en, zh };
