import { createText } from '../i18n/text';
import en from './en.json';
import zh from './zh.json';

export type PhoneKey = keyof typeof en;

export const { TextProvider, useText } = createText<PhoneKey>({ en, zh });
