import en from './en.json';
import { createText } from './text';
import zh from './zh.json';

export type TextKey = keyof typeof en;

export const { TextProvider, useText } = createText<TextKey>({ en, zh });
