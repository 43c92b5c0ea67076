import { lazy } from 'react';
import { Permission } from '../session/access';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';
import './cash.css';

declare module '../i18n/console_text' {
    interface FolderKeys {
        cash: keyof typeof en;
    }
}

export const cash: Feature = {
    texts: { en, zh },
    routes: [{ path: '/cash', page: lazy(() => import('./cash_page')) }],
    menu: [{ to: '/cash', text: 'nav.cash', order: 20, needs: Permission.SELL }],
};
