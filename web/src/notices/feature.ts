import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        notices: keyof typeof en;
    }
}

export const notices: Feature = {
    texts: { en, zh },
    routes: [{ path: '/notifications', page: lazy(() => import('./notices_page')) }],
    menu: [{ to: '/notifications', text: 'nav.notifications', order: 50 }],
};
