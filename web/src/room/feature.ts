import { lazy } from 'react';
import type { Feature } from '../ui/feature';
import './room.css';

export const room: Feature = {
    routes: [{ path: '/rooms/:roomId', page: lazy(() => import('./room_page')) }],
};
