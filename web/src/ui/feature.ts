import type { ComponentType } from 'react';
import type { Permission } from '../gen/prepay/common/v1/common_pb';
import type { TextKey } from '../i18n/console_text';
import type { Texts } from '../i18n/text';

/** An address, as the router reads it, and the page that it means. */
export interface Route {
    path: string;
    page: ComponentType;
}

/** A line of the menu. */
export interface Place {
    to: string;
    text: TextKey;
    /** Lines stand by this number, the lowest first. */
    order: number;
    /** Without this permission the line is absent. */
    needs?: Permission;
    /** Stands behind the text. */
    badge?: ComponentType;
}

/** What a feature tells the shell about itself. */
export interface Feature {
    texts: Texts;
    routes: readonly Route[];
    menu?: readonly Place[];
    /** Called at log-out: what one user saw is not for the next. */
    forget?: () => void;
}
