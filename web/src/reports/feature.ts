import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import './reports.css';

export const reports: Feature = {
    routes: [{ path: '/reports/days', page: lazy(() => import('./report_page')) }],
    menu: [{ to: '/reports/days', text: 'nav.reports', order: 80 }],
};
