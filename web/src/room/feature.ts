import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';
import './room.css';

declare module '../i18n/console_text' {
    interface FolderKeys {
        room: keyof typeof en;
    }
}

export const room: Feature = {
    texts: { en, zh },
    routes: [{ path: '/rooms/:roomId', page: lazy(() => import('./room_page')) }],
};
