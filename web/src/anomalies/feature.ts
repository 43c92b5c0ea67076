import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import { AnomalyCount } from './anomaly_count';

export const anomalies: Feature = {
    routes: [{ path: '/anomalies', page: lazy(() => import('./anomalies_page')) }],
    menu: [{ to: '/anomalies', text: 'nav.anomalies', order: 60, badge: AnomalyCount }],
};
