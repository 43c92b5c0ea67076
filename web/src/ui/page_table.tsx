import { Button, Table, type TableColumnsType, type TableProps } from 'antd';
import { useText } from '../i18n/console_text';
import { ScrollX } from './scroll_x';
import { Failed, Partial, SkeletonBlock } from './surface';
import type { ReactNode } from 'react';

interface PagedQuery<Row> {
    rows: Row[];
    isPending: boolean;
    error: unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
    refetch: () => unknown;
}

interface PageTableProps<Row> {
    query: PagedQuery<Row>;
    columns: TableColumnsType<Row>;
    rowKey: (row: Row) => string;
    empty: ReactNode;
    /** What the list holds, for those who hear the page; needed where there are two. */
    label?: string;
    onRow?: (row: Row) => void;
    summary?: TableProps<Row>['summary'];
}

/** A list in its four states: skeleton, empty with the next step, error with retry, and rows, perhaps partial. */
export function PageTable<Row extends object>({ query, columns, rowKey, empty, label, onRow, summary }: PageTableProps<Row>) {
    const { t } = useText();
    if (query.isPending) return <SkeletonBlock rows={6} />;
    if (query.error && query.rows.length === 0) return <Failed error={query.error} retry={() => query.refetch()} />;
    if (query.rows.length === 0) return <>{empty}</>;
    return (
        <>
            {Boolean(query.error) && <Partial text={t('common.partial')} />}
            <ScrollX label={label ?? t('common.list')}>
                <Table<Row>
                    size="small"
                    rowKey={rowKey}
                    dataSource={query.rows}
                    columns={columns}
                    pagination={false}
                    summary={summary}
                    onRow={onRow && ((row) => ({ onClick: () => onRow(row), className: 'clickable' }))}
                />
            </ScrollX>
            {query.hasNextPage && (
                <div className="more">
                    <Button size="small" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
                        {t('common.more')}
                    </Button>
                </div>
            )}
        </>
    );
}
