#include "meters/app/latest_board.h"

namespace prepay::metering {

LatestBoard::Slot& LatestBoard::slot(const std::string& meter_id) {
    const std::unique_lock lock(slots_mutex_);
    std::unique_ptr<Slot>& found = slots_[meter_id];
    if (!found) {
        found = std::make_unique<Slot>();
    }
    return *found;
}

void LatestBoard::set_online(Slot& slot, bool online) {
    std::optional<MeterValues> values;
    ReadingFault fault = ReadingFault::kNone;
    {
        const std::lock_guard lock(slot.mutex_);
        values = slot.entry_.values;
        fault = slot.entry_.fault;
    }
    update(slot, online, values, fault);
}

void LatestBoard::update(Slot& slot, bool online, const std::optional<MeterValues>& values,
                         ReadingFault fault) {
    {
        const std::lock_guard lock(slot.mutex_);
        // Counted under the slot's lock: who has read the slot has seen every version below the
        // one read before.
        slot.entry_ = {++version_, online, values, fault};
    }
    if (waiter_count_ > 0) {
        { const std::lock_guard lock(mutex_); }
        changed_.notify_all();
    }
}

std::optional<LatestBoard::Entry> LatestBoard::find(const std::string& meter_id) const {
    const std::shared_lock lock(slots_mutex_);
    const auto found = slots_.find(meter_id);
    if (found == slots_.end()) {
        return std::nullopt;
    }
    const std::lock_guard slot_lock(found->second->mutex_);
    return found->second->entry_;
}

std::vector<std::pair<std::string, LatestBoard::Entry>> LatestBoard::newer(
    const std::vector<std::string>& meter_ids, std::uint64_t version) const {
    std::vector<std::pair<std::string, Entry>> result;
    for (const std::string& meter_id : meter_ids) {
        const auto entry = find(meter_id);
        if (entry && entry->version > version) {
            result.emplace_back(meter_id, *entry);
        }
    }
    return result;
}

std::vector<std::pair<std::string, LatestBoard::Entry>> LatestBoard::wait_newer(
    const std::vector<std::string>& meter_ids, std::uint64_t& version,
    std::chrono::milliseconds wait) const {
    std::vector<std::pair<std::string, Entry>> result;
    std::unique_lock lock(mutex_);
    ++waiter_count_;
    std::uint64_t seen = version;
    changed_.wait_for(lock, wait, [&] {
        // What is written while the slots are read has a version above this one: it may come
        // twice, it is never missed.
        seen = version_;
        result = newer(meter_ids, version);
        return !result.empty();
    });
    --waiter_count_;
    version = seen;
    return result;
}

}  // namespace prepay::metering
