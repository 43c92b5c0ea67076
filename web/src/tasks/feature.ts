import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import en from './text.en.json';
import zh from './text.zh.json';
import './tasks.css';

declare module '../i18n/console_text' {
    interface FolderKeys {
        tasks: keyof typeof en;
    }
}

export const tasks: Feature = {
    texts: { en, zh },
    routes: [
        { path: '/tasks', page: lazy(() => import('./tasks_page')) },
        { path: '/tasks/new', page: lazy(() => import('./new_task_page')) },
        { path: '/tasks/:taskId', page: lazy(() => import('./task_page')) },
    ],
    menu: [{ to: '/tasks', text: 'nav.tasks', order: 40 }],
};
