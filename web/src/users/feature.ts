import { lazy } from 'react';
import { Permission } from '../session/access';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        users: keyof typeof en;
    }
}

export const users: Feature = {
    texts: { en, zh },
    routes: [{ path: '/users', page: lazy(() => import('./pauses_page')) }],
    menu: [{ to: '/users', text: 'nav.users', order: 90, needs: Permission.MANAGE }],
};
