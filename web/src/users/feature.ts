import { lazy } from 'react';
import { Permission } from '../session/access';
import type { Feature } from '../ui/feature';

export const users: Feature = {
    routes: [{ path: '/users', page: lazy(() => import('./pauses_page')) }],
    menu: [{ to: '/users', text: 'nav.users', order: 90, needs: Permission.MANAGE }],
};
