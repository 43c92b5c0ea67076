import type { Texts } from '../i18n/text';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        ui: keyof typeof en;
    }
}

export const uiTexts: Texts<keyof typeof en> = { en, zh };
