import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useState, type ReactNode } from 'react';
import type { Site } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { EmptyState, Failed, SkeletonBlock } from '../ui/surface';
import { ZoneContext } from '../ui/surroundings';
import { accounts } from './clients';

interface SiteChoice {
    site: Site;
    sites: readonly Site[];
    choose: (siteId: string) => void;
}

const storageKey = 'openprepay.site';
const Context = createContext<SiteChoice | null>(null);

/** The site that the pages are about. */
export function useSite(): SiteChoice {
    const choice = useContext(Context);
    if (!choice) throw new Error('useSite outside SiteProvider');
    return choice;
}

/** Asks for the sites; what is inside is about the chosen one, and writes times in its zone. */
export function SiteProvider({ children }: { children: ReactNode }) {
    const { t } = useText();
    const [chosen, setChosen] = useState(() => localStorage.getItem(storageKey) ?? '');
    const query = useQuery({ queryKey: ['sites'], queryFn: () => accounts.listSites({}) });
    if (query.isPending) return <SkeletonBlock rows={8} />;
    if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
    const sites = query.data.sites;
    const site = sites.find((s) => s.siteId === chosen) ?? sites[0];
    if (!site) return <EmptyState title={t('site.none')} hint={t('site.none.hint')} />;
    const choose = (siteId: string) => {
        localStorage.setItem(storageKey, siteId);
        setChosen(siteId);
    };
    return (
        <Context.Provider value={{ site, sites, choose }}>
            <ZoneContext.Provider value={site.timeZone}>{children}</ZoneContext.Provider>
        </Context.Provider>
    );
}
