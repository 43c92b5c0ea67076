import { Button, type TableColumnsType } from 'antd';
import { Link } from 'react-router-dom';
import { millis } from '../core/time';
import type { Tariff, TariffVersion } from '../gen/prepay/billing/v1/billing_pb';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { billing } from '../session/clients';
import { When } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState, PageHead, Panel } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { kindKey } from './periods';

const pageSize = 100;

/** The version in force now, or the first one when none is yet. */
export function currentVersion(tariff: Tariff): TariffVersion | undefined {
    const past = tariff.versions.filter((v) => v.effectiveTime && millis(v.effectiveTime) <= Date.now());
    return past[past.length - 1] ?? tariff.versions[0];
}

export default function TariffsPage() {
    const { t, lookUp } = useText();
    const mayManage = useMay(Permission.MANAGE);
    const query = usePages(['tariffs'], (pageToken) => billing.listTariffs({ pageSize, pageToken }), (page) => page.tariffs);
    const columns: TableColumnsType<Tariff> = [
        { title: t('tariff.tariff'), render: (_, tariff) => <Link to={`/tariffs/${encodeURIComponent(tariff.tariffId)}`}>{tariff.displayName || tariff.tariffId}</Link> },
        { title: t('tariff.id'), render: (_, tariff) => <span className="mono">{tariff.tariffId}</span> },
        { title: t('tariff.resource'), render: (_, tariff) => lookUp(`resource.${Resource[tariff.resource]?.toLowerCase()}`) },
        {
            title: t('tariff.kind'),
            render: (_, tariff) => {
                const definition = currentVersion(tariff)?.definition;
                return definition && t(kindKey(definition));
            },
        },
        { title: t('tariff.version'), align: 'right', className: 'num', render: (_, tariff) => currentVersion(tariff)?.version },
        { title: t('tariff.in_force_since'), render: (_, tariff) => <When time={currentVersion(tariff)?.effectiveTime} /> },
        { title: t('tariff.meters'), align: 'right', className: 'num', dataIndex: 'assignedMeterCount' },
    ];
    const create = mayManage && <Link to="/tariffs/new"><Button type="primary" tabIndex={-1}>{t('tariff.new')}</Button></Link>;
    return (
        <>
            <PageHead title={t('nav.tariffs')} actions={create} />
            <Panel>
                <PageTable query={query} columns={columns} rowKey={(tariff) => tariff.tariffId} empty={<EmptyState title={t('tariff.empty')} hint={t('tariff.empty.hint')} action={create} />} />
            </Panel>
        </>
    );
}
