import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';
import './tariffs.css';

declare module '../i18n/console_text' {
    interface FolderKeys {
        tariffs: keyof typeof en;
    }
}

const EditPage = lazy(() => import('./edit_page'));

export const tariffs: Feature = {
    texts: { en, zh },
    routes: [
        { path: '/tariffs', page: lazy(() => import('./tariffs_page')) },
        { path: '/tariffs/new', page: EditPage },
        { path: '/tariffs/:tariffId', page: lazy(() => import('./tariff_page')) },
        { path: '/tariffs/:tariffId/new-version', page: EditPage },
    ],
    menu: [{ to: '/tariffs', text: 'nav.tariffs', order: 30 }],
};
