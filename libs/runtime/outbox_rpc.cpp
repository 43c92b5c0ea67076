#include "runtime/outbox_rpc.h"

#include "prepay/common/v1/common.grpc.pb.h"
#include "telemetry/log.h"

namespace prepay::runtime {
namespace {

constexpr int kPageMax = 200;
constexpr std::size_t kTopicsMax = 100;

// What a consumer takes in at once: a larger answer is left, applied, and asked for again.
constexpr std::size_t kPieceMessagesMax = 500;
constexpr std::size_t kPieceBytesMax = 4 << 20;
constexpr std::chrono::seconds kReplayTimeout{30};
constexpr std::chrono::hours kSnapshotTimeout{12};

Status client_left() {
    return make_error(absl::StatusCode::kCancelled, "CANCELLED", "the client left");
}

Result<std::vector<kafka::Message>> replay_from(const rpc::Client& client, const std::string& topic,
                                                int partition, std::int64_t from_sequence,
                                                std::int64_t to_sequence) {
    const auto stub = common::v1::OutboxService::NewStub(client.channel());
    grpc::ClientContext context;
    client.prepare_stream(context, kReplayTimeout);
    common::v1::ReplayRequest request;
    request.set_topic(topic);
    request.set_partition(partition);
    request.set_from_sequence(from_sequence);
    request.set_to_sequence(to_sequence);
    const auto reader = stub->Replay(&context, request);
    std::vector<kafka::Message> messages;
    std::size_t bytes = 0;
    common::v1::ReplayResponse response;
    while (reader->Read(&response)) {
        kafka::Message message;
        message.topic = topic;
        message.partition = partition;
        message.sequence = response.sequence();
        message.key = response.key();
        message.payload = response.payload();
        message.trace_id = response.trace_id();
        bytes += message.payload.size();
        messages.push_back(std::move(message));
        if (messages.size() >= kPieceMessagesMax || bytes >= kPieceBytesMax) {
            context.TryCancel();
            reader->Finish();
            return messages;
        }
    }
    if (const grpc::Status status = reader->Finish(); !status.ok()) {
        return rpc::from_grpc(status);
    }
    return messages;
}

Result<outbox::OutboxHead> head_of(const rpc::Client& client,
                                   const std::vector<std::string>& topics) {
    const auto stub = common::v1::OutboxService::NewStub(client.channel());
    common::v1::GetHighWaterRequest request;
    for (const std::string& topic : topics) {
        request.add_topics(topic);
    }
    PREPAY_ASSIGN_OR_RETURN(
        const auto response,
        client.call(*stub, &common::v1::OutboxService::StubInterface::GetHighWater, request));
    outbox::OutboxHead head;
    head.stream_id = response.stream_id();
    head.topics = topics;
    for (const common::v1::HighWater& mark : response.partitions()) {
        head.partitions.push_back(
            {mark.topic(), mark.partition(), mark.numbered_sequence(), mark.published_sequence()});
    }
    return head;
}

Result<std::int64_t> snapshot_from(const rpc::Client& client, const std::string& topic,
                                   int partition, std::int64_t after_sequence,
                                   const std::function<Status(std::vector<kafka::Message>)>& take) {
    const auto stub = common::v1::OutboxService::NewStub(client.channel());
    grpc::ClientContext context;
    client.prepare_stream(context, kSnapshotTimeout);
    common::v1::SnapshotRequest request;
    request.set_topic(topic);
    request.set_partition(partition);
    request.set_after_sequence(after_sequence);
    const auto reader = stub->Snapshot(&context, request);
    std::vector<kafka::Message> piece;
    std::size_t bytes = 0;
    Status status = absl::OkStatus();
    const auto hand_over = [&] {
        if (!piece.empty()) {
            status = take(std::move(piece));
        }
        piece.clear();
        bytes = 0;
    };
    common::v1::SnapshotResponse response;
    bool is_complete = false;
    while (status.ok() && !is_complete && reader->Read(&response)) {
        if (response.end()) {
            is_complete = true;
            break;
        }
        kafka::Message event;
        event.topic = topic;
        event.partition = partition;
        event.sequence = outbox::kSnapshotSequence;
        event.key = response.key();
        event.payload = response.payload();
        bytes += event.payload.size();
        piece.push_back(std::move(event));
        if (piece.size() >= kPieceMessagesMax || bytes >= kPieceBytesMax) {
            hand_over();
        }
    }
    if (status.ok() && is_complete) {
        hand_over();
    }
    if (!status.ok()) {
        context.TryCancel();
    }
    const grpc::Status ending = reader->Finish();
    PREPAY_RETURN_IF_ERROR(status);
    if (!ending.ok()) {
        return rpc::from_grpc(ending);
    }
    if (!is_complete) {
        return unavailable("SNAPSHOT_CUT", "the owner's answer ended early");
    }
    return response.sequence();
}

}  // namespace

void OutboxRpc::register_with(rpc::Server& server) {
    server.stream("prepay.common.v1.OutboxService/Replay", this, &OutboxRpc::replay);
    server.unary("prepay.common.v1.OutboxService/GetHighWater", this, &OutboxRpc::get_high_water);
    server.stream("prepay.common.v1.OutboxService/Snapshot", this, &OutboxRpc::snapshot);
}

void OutboxRpc::add_snapshot(const std::string& topic, outbox::SnapshotSource source) {
    sources_[topic] = std::move(source);
}

Status OutboxRpc::replay(const rpc::CallContext&, const common::v1::ReplayRequest& request,
                         rpc::StreamWriter<common::v1::ReplayResponse>& writer) {
    std::int64_t next = request.from_sequence();
    while (request.to_sequence() == 0 || next < request.to_sequence()) {
        PREPAY_ASSIGN_OR_RETURN(const std::vector<kafka::Message> page,
                                outbox::read_stored(database_, request.topic(), request.partition(),
                                                    next, request.to_sequence(), kPageMax));
        for (const kafka::Message& message : page) {
            common::v1::ReplayResponse response;
            response.set_sequence(message.sequence);
            response.set_key(message.key);
            response.set_payload(message.payload);
            response.set_trace_id(message.trace_id);
            if (!writer.write(response)) {
                return client_left();
            }
            next = message.sequence + 1;
        }
        if (page.empty()) {
            break;
        }
    }
    return absl::OkStatus();
}

Result<common::v1::GetHighWaterResponse> OutboxRpc::get_high_water(
    const rpc::CallContext&, const common::v1::GetHighWaterRequest& request) {
    if (request.topics().empty() || static_cast<std::size_t>(request.topics_size()) > kTopicsMax) {
        return invalid_argument("TOPICS_REQUIRED", "topics: 1 .. 100 names");
    }
    PREPAY_ASSIGN_OR_RETURN(
        const outbox::OutboxHead head,
        outbox::read_head(database_, {request.topics().begin(), request.topics().end()}));
    common::v1::GetHighWaterResponse response;
    response.set_stream_id(head.stream_id);
    for (const outbox::HighWater& mark : head.partitions) {
        common::v1::HighWater* proto = response.add_partitions();
        proto->set_topic(mark.topic);
        proto->set_partition(mark.partition);
        proto->set_numbered_sequence(mark.numbered);
        proto->set_published_sequence(mark.published);
    }
    return response;
}

Status OutboxRpc::snapshot(const rpc::CallContext&, const common::v1::SnapshotRequest& request,
                           rpc::StreamWriter<common::v1::SnapshotResponse>& writer) {
    const auto source = sources_.find(request.topic());
    if (source == sources_.end()) {
        return failed_precondition("NO_SNAPSHOT", request.topic() + " has no state to tell");
    }
    if (request.partition() < 0 || request.partition() >= partition_count_) {
        return invalid_argument("PARTITION_UNKNOWN",
                                "partition: 0 .. " + std::to_string(partition_count_ - 1));
    }
    PREPAY_ASSIGN_OR_RETURN(
        const std::int64_t sequence,
        outbox::take_snapshot(
            database_,
            {request.topic(), request.partition(), partition_count_, request.after_sequence()},
            source->second, [&](const outbox::NewMessage& event) -> Status {
                common::v1::SnapshotResponse response;
                response.set_key(event.key);
                response.set_payload(event.payload);
                return writer.write(response) ? absl::OkStatus() : client_left();
            }));
    common::v1::SnapshotResponse response;
    response.set_end(true);
    response.set_sequence(sequence);
    return writer.write(response) ? absl::OkStatus() : client_left();
}

std::string owner_of(const std::string& topic) {
    const auto start = topic.find('.') + 1;
    return topic.substr(start, topic.find('.', start) - start);
}

outbox::OwnerCalls owner_calls(std::function<const rpc::Client&(const std::string&)> peer) {
    outbox::OwnerCalls calls;
    calls.replay = [peer](const std::string& topic, int partition, std::int64_t from,
                          std::int64_t to) {
        return replay_from(peer(owner_of(topic)), topic, partition, from, to);
    };
    calls.ask_heads = [peer](const std::vector<std::string>& topics) {
        std::map<std::string, std::vector<std::string>> by_owner;
        for (const std::string& topic : topics) {
            by_owner[owner_of(topic)].push_back(topic);
        }
        std::vector<outbox::OutboxHead> heads;
        for (const auto& [owner, owned] : by_owner) {
            Result<outbox::OutboxHead> head = head_of(peer(owner), owned);
            if (head.ok()) {
                heads.push_back(*std::move(head));
            } else {
                telemetry::log_warning(
                    "an owner does not say how far it is",
                    {{"owner", owner}, {"error", telemetry::describe(head.status())}});
            }
        }
        return heads;
    };
    calls.fetch_snapshot = [peer](const std::string& topic, int partition, std::int64_t after,
                                  const auto& take) {
        return snapshot_from(peer(owner_of(topic)), topic, partition, after, take);
    };
    return calls;
}

}  // namespace prepay::runtime
