import { createText, type Texts } from '../i18n/text';
import en from './text.en.json';
import zh from './text.zh.json';

export type PhoneKey = keyof typeof en;

export const texts: Texts<PhoneKey> = { en, zh };

export const { TextProvider, useText } = createText<PhoneKey>();
