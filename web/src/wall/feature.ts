import { forgetWalls } from '../actions/wall_store';
import type { Feature } from '../ui/feature';
import { WallPage } from './wall_page';
import './wall.css';

export const wall: Feature = {
    // The page most often opened first: it comes with the frame.
    routes: [{ path: '/', page: WallPage }],
    menu: [{ to: '/', text: 'nav.wall', order: 10 }],
    forget: forgetWalls,
};
