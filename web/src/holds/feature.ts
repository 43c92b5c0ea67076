import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        holds: keyof typeof en;
    }
}

export const holds: Feature = {
    texts: { en, zh },
    routes: [{ path: '/holds', page: lazy(() => import('./holds_page')) }],
    menu: [{ to: '/holds', text: 'nav.holds', order: 70 }],
};
