import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import { AnomalyCount } from './anomaly_count';
import en from './text.en.json';
import zh from './text.zh.json';

declare module '../i18n/console_text' {
    interface FolderKeys {
        anomalies: keyof typeof en;
    }
}

export const anomalies: Feature = {
    texts: { en, zh },
    routes: [{ path: '/anomalies', page: lazy(() => import('./anomalies_page')) }],
    menu: [{ to: '/anomalies', text: 'nav.anomalies', order: 60, badge: AnomalyCount }],
};
