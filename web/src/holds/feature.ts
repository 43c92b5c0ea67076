import { lazy } from 'react';
import type { Feature } from '../ui/feature';

export const holds: Feature = {
    routes: [{ path: '/holds', page: lazy(() => import('./holds_page')) }],
    menu: [{ to: '/holds', text: 'nav.holds', order: 70 }],
};
