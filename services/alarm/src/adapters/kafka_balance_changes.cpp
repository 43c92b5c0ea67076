#include "adapters/kafka_balance_changes.h"

#include <iterator>

#include "convert.h"

namespace prepay::alarm {

outbox::Handlers handlers(const EpisodeWriter& writer) {
    return {{kBalanceChangesTopic,
             [&writer](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                 return take_balance_changes(writer, tx, messages);
             }}};
}

Status take_balance_changes(const EpisodeWriter& writer, pqxx::work& tx,
                            const std::vector<kafka::Message>& messages) {
    std::vector<AccountChange> changes;
    for (const kafka::Message& message : messages) {
        PREPAY_ASSIGN_OR_RETURN(std::vector<AccountChange> some,
                                changes_from_payload(message.payload));
        changes.insert(changes.end(), std::make_move_iterator(some.begin()),
                       std::make_move_iterator(some.end()));
    }
    writer.apply(tx, changes);
    return absl::OkStatus();
}

}  // namespace prepay::alarm
