import { anomalies } from '../anomalies/feature';
import { cash } from '../cash/feature';
import { holds } from '../holds/feature';
import { notices } from '../notices/feature';
import { reports } from '../reports/feature';
import { room } from '../room/feature';
import { tariffs } from '../tariffs/feature';
import { tasks } from '../tasks/feature';
import type { Feature } from '../ui/feature';
import { users } from '../users/feature';
import { wall } from '../wall/feature';

/** Every feature of the console. The shell knows them by this list alone. */
export const features: readonly Feature[] = [anomalies, cash, holds, notices, reports, room, tariffs, tasks, users, wall];
