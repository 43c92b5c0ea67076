import { Button, Space } from 'antd';
import { useNavigate } from 'react-router-dom';
import { storeSelection } from '../actions/selection';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';

interface PickBarProps {
    rooms: readonly WallRoom[];
    shownCount: number;
    onAll: () => void;
    onNone: () => void;
}

/** What is picked on the wall, and what can be done with it. */
export function PickBar({ rooms, shownCount, onAll, onNone }: PickBarProps) {
    const { t } = useText();
    const navigate = useNavigate();
    const meterCount = rooms.reduce((sum, room) => sum + room.meterIds.length, 0);
    const toTask = () => {
        storeSelection(rooms);
        navigate('/tasks/new');
    };
    return (
        <div className="pick-bar" role="region" aria-label={t('wall.pick')}>
            <span>{t('wall.picked', { rooms: rooms.length, meters: meterCount })}</span>
            <Space>
                <Button size="small" onClick={onAll}>{t('wall.pick_all', { count: shownCount })}</Button>
                <Button size="small" onClick={onNone} disabled={rooms.length === 0}>{t('wall.pick_none')}</Button>
                <Button size="small" type="primary" onClick={toTask} disabled={meterCount === 0}>{t('wall.pick_task')}</Button>
            </Space>
        </div>
    );
}
