import { createContext, useContext } from 'react';

// What a piece has to know of the page that it stands on. Session and shell provide it.

export const ZoneContext = createContext<string | null>(null);
export const DarkContext = createContext(false);

/** The time zone in which times are written: that of the site. */
export function useZone(): string {
    const zone = useContext(ZoneContext);
    if (zone === null) throw new Error('useZone outside ZoneContext');
    return zone;
}

export function useDark(): boolean {
    return useContext(DarkContext);
}
