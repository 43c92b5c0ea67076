import { actionsTexts } from '../actions/text';
import { reasonTexts } from '../i18n/reasons';
import type { Texts } from '../i18n/text';
import { sessionTexts } from '../session/text';
import { uiTexts } from '../ui/text';
import { features } from './features';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        shell: keyof typeof en;
    }
}

const parts: Texts[] = [reasonTexts, uiTexts, sessionTexts, actionsTexts, { en, zh }, ...features.map((feature) => feature.texts)];

/** All texts of the console. No two folders have a key in common; a test sees to it. */
export const texts: Texts = {
    en: Object.assign({}, ...parts.map((part) => part.en)),
    zh: Object.assign({}, ...parts.map((part) => part.zh)),
};
