import type { Texts } from '../i18n/text';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        actions: keyof typeof en;
    }
}

export const actionsTexts: Texts<keyof typeof en> = { en, zh };
