import { Drawer } from 'antd';
import { useState } from 'react';
import { CommandProgress } from './command_progress';
import { useText } from '../i18n/console_text';

/** A command with its evidence, beside the list it was chosen from. */
export function CommandDrawer({ commandId, onClose }: { commandId: string; onClose: () => void }) {
    const { t } = useText();
    const [open, setOpen] = useState(true);
    return (
        <Drawer open={open} onClose={() => setOpen(false)} afterOpenChange={(now) => !now && onClose()} size={640} title={t('command.title')}>
            <CommandProgress commandId={commandId} />
        </Drawer>
    );
}
