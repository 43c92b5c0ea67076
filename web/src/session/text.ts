import type { Texts } from '../i18n/text';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        session: keyof typeof en;
    }
}

export const sessionTexts: Texts<keyof typeof en> = { en, zh };
