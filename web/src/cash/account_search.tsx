import { useQuery } from '@tanstack/react-query';
import { Input, type InputRef } from 'antd';
import { useEffect, useId, useState, type KeyboardEvent, type Ref } from 'react';
import { roomNames, useRoomNames } from '../actions/room_names';
import { AccountState, type Account } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { accounts } from '../session/clients';
import { Yuan } from '../ui/figures';
import { Failed } from '../ui/surface';

const typingPauseMs = 150;
const hitsMax = 8;
const foundMax = 100;

function useSettled(text: string): string {
    const [settled, setSettled] = useState(text);
    useEffect(() => {
        const timer = setTimeout(() => setSettled(text), typingPauseMs);
        return () => clearTimeout(timer);
    }, [text]);
    return settled;
}

/** Money may be left in an account that is closed: it is found too, after the open ones. */
function openFirst(found: readonly Account[]): Account[] {
    return [...found].sort((a, b) => Number(isClosed(a)) - Number(isClosed(b))).slice(0, hitsMax);
}

export function isClosed(account: Account): boolean {
    return account.state === AccountState.CLOSED;
}

interface SearchProps {
    siteId: string;
    inputRef: Ref<InputRef>;
    initial: string;
    onQuery: (query: string) => void;
    onPick: (account: Account) => void;
}

/** Finds an account by room, name, phone or meter number; arrows and Enter choose. */
export function AccountSearch({ siteId, inputRef, initial, onQuery, onPick }: SearchProps) {
    const { t } = useText();
    const [text, setText] = useState(initial);
    const [marked, setMarked] = useState(0);
    const settled = useSettled(text.trim());
    const listId = useId();
    const names = useRoomNames(siteId);
    useEffect(() => onQuery(settled), [settled, onQuery]);
    const query = useQuery({
        queryKey: ['accounts', siteId, settled],
        queryFn: () => accounts.listAccounts({ siteId, query: settled, pageSize: foundMax, includeClosed: true }),
        enabled: settled !== '',
        placeholderData: (old) => old,
    });
    const hits = settled === '' ? [] : openFirst(query.data?.accounts ?? []);
    const current = Math.min(marked, Math.max(0, hits.length - 1));
    const onKey = (event: KeyboardEvent) => {
        const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
        if (step !== 0) {
            event.preventDefault();
            setMarked(Math.min(hits.length - 1, Math.max(0, current + step)));
        }
        const hit = hits[current];
        // A list of what was typed before must not be chosen from.
        if (event.key === 'Enter' && hit && settled === text.trim() && !query.isPlaceholderData) onPick(hit);
    };
    return (
        <div className="cash-search">
            <Input
                ref={inputRef}
                size="large"
                autoFocus
                allowClear
                role="combobox"
                aria-expanded={hits.length > 0}
                aria-controls={listId}
                aria-activedescendant={hits.length > 0 ? `${listId}-${current}` : undefined}
                aria-label={t('cash.search')}
                placeholder={t('cash.search')}
                value={text}
                onChange={(e) => {
                    setText(e.target.value);
                    setMarked(0);
                }}
                onKeyDown={onKey}
            />
            {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
            <div id={listId} role="listbox" aria-label={t('cash.hits')} className="cash-hits">
                {hits.map((account, index) => (
                    <div
                        key={account.accountId}
                        id={`${listId}-${index}`}
                        role="option"
                        aria-selected={index === current}
                        className="cash-hit"
                        onClick={() => onPick(account)}
                    >
                        <b>{[roomNames(account, names), isClosed(account) && t('cash.closed')].filter(Boolean).join(' · ')}</b>
                        <span>{account.customer?.displayName}</span>
                        <span className="faint">{account.customer?.phone}</span>
                        <Yuan micros={account.balanceMicros} floor />
                    </div>
                ))}
            </div>
            {settled !== '' && query.isSuccess && !query.isPlaceholderData && hits.length === 0 && <p className="faint">{t('cash.nobody', { query: settled })}</p>}
            {settled === '' && <p className="faint">{t('cash.hint')}</p>}
        </div>
    );
}
