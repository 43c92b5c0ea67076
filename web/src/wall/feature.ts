import { forgetWalls } from '../actions/wall_store';
import type { Feature } from '../ui/feature';
import { WallPage } from './wall_page';
import en from './text.en.json';
import zh from './text.zh.json';
import './wall.css';

declare module '../i18n/console_text' {
    interface FolderKeys {
        wall: keyof typeof en;
    }
}

export const wall: Feature = {
    texts: { en, zh },
    // The page most often opened first: it comes with the frame.
    routes: [{ path: '/', page: WallPage }],
    menu: [{ to: '/', text: 'nav.wall', order: 10 }],
    forget: forgetWalls,
};
