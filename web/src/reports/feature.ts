import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';
import './reports.css';

declare module '../i18n/console_text' {
    interface FolderKeys {
        reports: keyof typeof en;
    }
}

export const reports: Feature = {
    texts: { en, zh },
    routes: [{ path: '/reports/days', page: lazy(() => import('./report_page')) }],
    menu: [{ to: '/reports/days', text: 'nav.reports', order: 80 }],
};
