// Styles first, from the general to the special; those of the features come with their declarations.
import './theme.css';
import '../ui/ui.css';
import '../actions/actions.css';
import '../session/log_in.css';
import './frame.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import { Code } from '@connectrpc/connect';
import { hasCode } from '../core/errors';
import { TextProvider } from '../i18n/console_text';
import { session } from '../session/session';
import { setPickerLocale } from '../ui/date_fields';
import { DarkContext } from '../ui/surroundings';
import { features } from './features';
import { Pages } from './pages';
import { usePrefs } from './prefs';
import { texts } from './texts';
import { antTheme } from './theme';

const readRetriesMax = 2;

const queries = new QueryClient({
    defaultOptions: {
        queries: {
            staleTime: 5_000,
            retry: (count, error) => count < readRetriesMax && hasCode(error, Code.Unavailable),
        },
    },
});

function Root() {
    const { locale, dark } = usePrefs();
    setPickerLocale(locale);
    useEffect(() => {
        document.documentElement.dataset.theme = dark ? 'dark' : 'light';
        document.documentElement.lang = locale;
    }, [locale, dark]);
    return (
        <TextProvider texts={texts} locale={locale}>
            <ConfigProvider theme={antTheme(dark)} locale={locale === 'zh' ? zhCN : enUS} button={{ autoInsertSpace: false }}>
                <AntApp>
                    <DarkContext.Provider value={dark}>
                        <BrowserRouter>
                            <Pages />
                        </BrowserRouter>
                    </DarkContext.Provider>
                </AntApp>
            </ConfigProvider>
        </TextProvider>
    );
}

void session.resume();
// What one user saw is not for the next.
session.subscribe(() => {
    if (session.getState().kind !== 'signed-out') return;
    queries.clear();
    for (const feature of features) feature.forget?.();
});

createRoot(document.getElementById('root')!).render(
    <QueryClientProvider client={queries}>
        <Root />
    </QueryClientProvider>,
);
