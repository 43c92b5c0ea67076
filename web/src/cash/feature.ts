import { lazy } from 'react';
import { Permission } from '../session/access';
import type { Feature } from '../ui/feature';
import './cash.css';

export const cash: Feature = {
    routes: [{ path: '/cash', page: lazy(() => import('./cash_page')) }],
    menu: [{ to: '/cash', text: 'nav.cash', order: 20, needs: Permission.SELL }],
};
