import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import './tariffs.css';

const EditPage = lazy(() => import('./edit_page'));

export const tariffs: Feature = {
    routes: [
        { path: '/tariffs', page: lazy(() => import('./tariffs_page')) },
        { path: '/tariffs/new', page: EditPage },
        { path: '/tariffs/:tariffId', page: lazy(() => import('./tariff_page')) },
        { path: '/tariffs/:tariffId/new-version', page: EditPage },
    ],
    menu: [{ to: '/tariffs', text: 'nav.tariffs', order: 30 }],
};
