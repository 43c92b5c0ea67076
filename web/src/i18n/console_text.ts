import { createText } from './text';

/** Keys of the console's texts by folder. Each folder that has texts adds its own here. */
export interface FolderKeys {}

export type TextKey = FolderKeys[keyof FolderKeys];

export const { TextProvider, useText } = createText<TextKey>();
