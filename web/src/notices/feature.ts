import { lazy } from 'react';
import type { Feature } from '../ui/feature';

export const notices: Feature = {
    routes: [{ path: '/notifications', page: lazy(() => import('./notices_page')) }],
    menu: [{ to: '/notifications', text: 'nav.notifications', order: 50 }],
};
