import { useSearchParams } from 'react-router-dom';
import { EpisodeList, NotificationList } from '../actions/alarm_lists';
import { useText } from '../i18n/console_text';
import { useSite } from '../session/site';
import { PageHead, Panel } from '../ui/surface';
import { Tabs } from '../ui/tabs';

/** Who is low, who was told, and whether the message went out. */
export default function NoticesPage() {
    const { t } = useText();
    const { site } = useSite();
    const [params, setParams] = useSearchParams();
    return (
        <>
            <PageHead title={t('nav.notifications')} />
            <Panel>
                <Tabs
                    label={t('nav.notifications')}
                    active={params.get('tab') ?? 'messages'}
                    onChange={(tab) => setParams({ tab }, { replace: true })}
                    tabs={[
                        { key: 'messages', label: t('alarm.messages'), children: <NotificationList /> },
                        { key: 'open', label: t('alarm.open'), children: <EpisodeList siteId={site.siteId} openOnly /> },
                        { key: 'all', label: t('alarm.all'), children: <EpisodeList siteId={site.siteId} /> },
                    ]}
                />
            </Panel>
        </>
    );
}
