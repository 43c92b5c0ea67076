import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import './tasks.css';

export const tasks: Feature = {
    routes: [
        { path: '/tasks', page: lazy(() => import('./tasks_page')) },
        { path: '/tasks/new', page: lazy(() => import('./new_task_page')) },
        { path: '/tasks/:taskId', page: lazy(() => import('./task_page')) },
    ],
    menu: [{ to: '/tasks', text: 'nav.tasks', order: 40 }],
};
