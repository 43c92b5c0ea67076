#include "adapters/grpc_alarm_service.h"

#include <algorithm>

#include "adapters/pg_alarm_queries.h"
#include "adapters/pg_notification_writer.h"
#include "core/ids.h"

namespace prepay::alarm {
namespace {

bool sees_recipients(const rpc::CallContext& context) {
    return context.identity.role == rpc::Role::kAdmin ||
           context.identity.role == rpc::Role::kService;
}

}  // namespace

GrpcAlarmService::GrpcAlarmService(pg::Database& database, NotificationStore& store,
                                   const Senders& senders, TargetRules rules,
                                   const AlarmConfig& config, const Clock& clock)
    : database_(database),
      store_(store),
      senders_(senders),
      rules_(std::move(rules)),
      config_(config),
      clock_(clock) {}

void GrpcAlarmService::register_with(rpc::Server& server) {
    const std::string name = "prepay.alarm.v1.AlarmService/";
    server.unary(name + "ListEpisodes", this, &GrpcAlarmService::list_episodes);
    server.unary(name + "ListNotifications", this, &GrpcAlarmService::list_notifications);
    server.unary(name + "PutChannel", this, &GrpcAlarmService::put_channel);
    server.unary(name + "ListChannels", this, &GrpcAlarmService::list_channels);
    server.unary(name + "TestChannel", this, &GrpcAlarmService::test_channel);
}

Result<v1::ListEpisodesResponse> GrpcAlarmService::list_episodes(
    const rpc::CallContext&, const v1::ListEpisodesRequest& request) {
    return alarm::list_episodes(database_, request);
}

Result<v1::ListNotificationsResponse> GrpcAlarmService::list_notifications(
    const rpc::CallContext& context, const v1::ListNotificationsRequest& request) {
    return alarm::list_notifications(database_, request, sees_recipients(context));
}

Result<v1::PutChannelResponse> GrpcAlarmService::put_channel(const rpc::CallContext& context,
                                                             const v1::PutChannelRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(Channel channel, channel_from_proto(request.channel()));
    if (channel.channel_id.empty()) {
        channel.channel_id = new_id(clock_);
    }
    if (calls_target(channel.kind)) {
        PREPAY_ASSIGN_OR_RETURN(const bool is_refused, rules_.refuses_literal(channel.target));
        if (is_refused) {
            return invalid_argument("TARGET_REFUSED",
                                    "target is a private, loopback or otherwise internal address; "
                                    "allow it with webhook.allowed_targets");
        }
    }
    return alarm::put_channel(
        database_,
        {context.request_id, context.method, context.content_hash, context.identity.subject},
        std::move(channel));
}

Result<v1::ListChannelsResponse> GrpcAlarmService::list_channels(const rpc::CallContext& context,
                                                                 const v1::ListChannelsRequest&) {
    PREPAY_ASSIGN_OR_RETURN(const std::vector<Channel> channels, alarm::list_channels(database_));
    v1::ListChannelsResponse response;
    for (const Channel& channel : channels) {
        *response.add_channels() = to_proto(channel, sees_recipients(context));
    }
    return response;
}

Result<v1::TestChannelResponse> GrpcAlarmService::test_channel(
    const rpc::CallContext&, const v1::TestChannelRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::vector<Channel> channels, alarm::list_channels(database_));
    const auto channel = std::find_if(channels.begin(), channels.end(), [&](const Channel& one) {
        return one.channel_id == request.channel_id();
    });
    if (channel == channels.end()) {
        return not_found("CHANNEL_NOT_FOUND", "there is no channel " + request.channel_id());
    }
    OutgoingNotification message;
    const auto recipient = test_recipient(*channel, request.recipient());
    if (const auto* const problem = std::get_if<ChannelProblem>(&recipient)) {
        return invalid_argument(problem->reason, problem->message);
    }
    message.recipient = std::get<std::string>(recipient);
    const MessageText text = compose_test();
    message.notification_id = new_id(clock_);
    message.kind = channel->kind;
    message.subject = text.subject;
    EpisodeFacts facts;
    facts.start_time = clock_.now();
    message.body = body_of(channel->kind, facts, message.notification_id, text);
    message.secret = channel->secret;
    // The same order as any send: durable first, so that a crash leaves UNKNOWN and not nothing.
    PREPAY_RETURN_IF_ERROR(insert_test(
        database_, *channel, message.notification_id, message.recipient, message.subject,
        message.body, clock_.now(), 2 * config_.send_timeout + std::chrono::seconds(15)));
    const DeliveryReport report = senders_.of(channel->kind).send(message);
    PREPAY_RETURN_IF_ERROR(
        store_.mark(message.notification_id, 1, next_step(report, {}, kOneTry), clock_.now()));
    v1::TestChannelResponse response;
    PREPAY_ASSIGN_OR_RETURN(*response.mutable_notification(),
                            read_notification(database_, message.notification_id, true));
    return response;
}

}  // namespace prepay::alarm
