#include "commands/adapters/grpc_commands.h"

#include "commands/convert.h"
#include "core/anchored_clock.h"
#include "core/proto_time.h"
#include "core/text.h"
#include "devices/adapters/grpc_pages.h"
#include "devices/convert.h"
#include "rpc/access.h"

namespace prepay::metering {

namespace {

constexpr std::chrono::hours kNotAfterMax{24 * 7};
constexpr std::size_t kReasonMax = 500;
constexpr std::chrono::milliseconds kCommandWait{1000};

Result<Instant> checked_deadline(const v1::SubmitCommandRequest& request, Instant now) {
    if (!request.has_not_after()) {
        return invalid_argument("NOT_AFTER_REQUIRED",
                                "not_after is required: a late relay order is dangerous");
    }
    const Instant not_after = from_proto_time(request.not_after());
    if (not_after <= now) {
        return invalid_argument("NOT_AFTER_PAST", "not_after is in the past");
    }
    if (not_after > now + kNotAfterMax) {
        return invalid_argument("NOT_AFTER_TOO_FAR", "not_after is at most 7 days ahead");
    }
    return not_after;
}

// A hold that ended before its trip may go out would open the relay for nothing.
Status check_hold_expiry(const v1::SubmitCommandRequest& request) {
    if (!request.has_hold_expire_time()) {
        return absl::OkStatus();
    }
    if (request.action() != v1::COMMAND_ACTION_TRIP) {
        return invalid_argument("HOLD_EXPIRY_NOT_A_TRIP", "only a trip places a hold that expires");
    }
    if (from_proto_time(request.hold_expire_time()) <= from_proto_time(request.not_after())) {
        return invalid_argument("HOLD_EXPIRY_TOO_EARLY",
                                "hold_expire_time must be later than not_after");
    }
    return absl::OkStatus();
}

// With who said so and why, as far as account knows it.
Status keeps_power(const std::string& meter_id, const CutAnswer& answer) {
    std::string text = "the account of meter " + meter_id + " keeps its power";
    if (!answer.user.empty()) {
        text += ", set by " + answer.user;
    }
    if (!is_blank(answer.reason_text)) {
        text += ": \"" + answer.reason_text + "\"";
    }
    return failed_precondition("KEEP_POWER", text + "; cutting it needs an override",
                               {{"keep_user", answer.user}, {"keep_reason", answer.reason_text}});
}

}  // namespace

Status GrpcCommands::check_trip(const rpc::CallContext& context,
                                const v1::SubmitCommandRequest& request) {
    const bool is_trip = request.action() == v1::COMMAND_ACTION_TRIP;
    if (is_trip && is_blank(request.reason_text())) {
        return invalid_argument("REASON_REQUIRED", "reason_text is required for a trip");
    }
    if (request.override_keep_power()) {
        if (!is_trip) {
            return invalid_argument("OVERRIDE_NOT_A_TRIP", "only a trip overrides keep-power");
        }
        if (!rpc::role_holds(context.identity.role, common::v1::PERMISSION_OVERRIDE)) {
            return permission_denied("OVERRIDE_NOT_ALLOWED",
                                     "overriding keep-power needs a permission of its own");
        }
        return absl::OkStatus();
    }
    // Account's word counts when it can be had; it is asked again before the wire in any case. A
    // repetition gets the stored command, whatever account says by now.
    if (is_trip && !parts_.commands.get(context.request_id).ok()) {
        const CutAnswer answer = parts_.permits.check_cut(request.meter_id());
        if (answer.outcome == ClaimOutcome::kDenied) {
            return keeps_power(request.meter_id(), answer);
        }
    }
    return absl::OkStatus();
}

void GrpcCommands::add_to(rpc::Server& server) {
    using Self = GrpcCommands;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "SubmitCommand", this, &Self::submit_command);
    server.unary(prefix + "CancelCommand", this, &Self::cancel_command);
    server.unary(prefix + "GetCommand", this, &Self::get_command);
    server.unary(prefix + "ListCommands", this, &Self::list_commands);
    server.stream(prefix + "WatchCommand", this, &Self::watch_command);
}

Result<v1::SubmitCommandResponse> GrpcCommands::submit_command(
    const rpc::CallContext& context, const v1::SubmitCommandRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const CommandAction action, from_proto_action(request.action()));
    const auto meter = parts_.directory.find_meter(request.meter_id());
    if (!meter) {
        return unknown_meter(request.meter_id());
    }
    const DriverPack* pack = parts_.directory.pack_of(*meter);
    if (pack == nullptr || pack->commands.count(action) == 0) {
        return failed_precondition("ACTION_NOT_SUPPORTED",
                                   "this meter's driver pack has no such action");
    }
    if (request.reason_text().size() > kReasonMax) {
        return invalid_argument("TEXT_TOO_LONG", "reason_text has at most 500 bytes");
    }
    PREPAY_RETURN_IF_ERROR(check_hold_expiry(request));
    PREPAY_RETURN_IF_ERROR(check_trip(context, request));
    Command command;
    command.command_id = context.request_id;
    command.meter_id = meter->meter_id;
    command.line_id = meter->line_id;
    command.action = action;
    command.reason_text = request.reason_text();
    command.initiator = context.identity.subject;
    command.trace_id = context.trace_id;
    command.override_keep_power = request.override_keep_power();
    if (request.has_hold_expire_time()) {
        command.hold_expire_time = from_proto_time(request.hold_expire_time());
    }
    command.create_time = parts_.clock.now();
    PREPAY_RETURN_IF_ERROR(check_time_known(parts_.clock));
    // A repetition after the deadline is still a repetition: it gets the stored command.
    const Result<Instant> deadline = checked_deadline(request, command.create_time);
    if (!deadline.ok()) {
        const Result<Command> known = parts_.commands.get(context.request_id);
        if (!known.ok() || known->meter_id != command.meter_id || known->action != action ||
            known->initiator != command.initiator) {
            return deadline.status();
        }
        v1::SubmitCommandResponse response;
        *response.mutable_command() = to_proto_command(*known);
        return response;
    }
    command.not_after = *deadline;
    bool is_new = false;
    PREPAY_ASSIGN_OR_RETURN(const Command stored,
                            parts_.commands.submit(key_of(context), command, is_new));
    if (is_new) {
        parts_.lines.submit(command, false);
    }
    v1::SubmitCommandResponse response;
    *response.mutable_command() = to_proto_command(stored);
    return response;
}

Result<v1::CancelCommandResponse> GrpcCommands::cancel_command(
    const rpc::CallContext& context, const v1::CancelCommandRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const Command command,
                            parts_.commands.cancel(key_of(context), request.command_id()));
    parts_.lines.withdraw(command.line_id, command.command_id);
    v1::CancelCommandResponse response;
    *response.mutable_command() = to_proto_command(command);
    return response;
}

Result<v1::GetCommandResponse> GrpcCommands::get_command(const rpc::CallContext&,
                                                         const v1::GetCommandRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const Command command, parts_.commands.get(request.command_id()));
    v1::GetCommandResponse response;
    *response.mutable_command() = to_proto_command(command);
    return response;
}

Result<v1::ListCommandsResponse> GrpcCommands::list_commands(
    const rpc::CallContext&, const v1::ListCommandsRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    PgCommandStore::Position before;
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(const Place token, parse_place(request.page_token()));
        before = {from_micros(token.number), token.text};
    }
    PREPAY_ASSIGN_OR_RETURN(const auto commands,
                            parts_.commands.list(request.meter_id(), before, size));
    v1::ListCommandsResponse response;
    for (const Command& command : commands) {
        *response.add_commands() = to_proto_command(command);
    }
    if (static_cast<int>(commands.size()) == size) {
        response.set_next_page_token(
            make_place(to_micros(commands.back().create_time), commands.back().command_id));
    }
    return response;
}

Status GrpcCommands::watch_command(const rpc::CallContext&, const v1::WatchCommandRequest& request,
                                   rpc::StreamWriter<v1::WatchCommandResponse>& writer) {
    std::uint64_t version = 0;
    std::int64_t shown_revision = 0;
    while (!writer.is_cancelled()) {
        PREPAY_ASSIGN_OR_RETURN(const Command command, parts_.commands.get(request.command_id()));
        if (command.revision != shown_revision) {
            shown_revision = command.revision;
            v1::WatchCommandResponse response;
            *response.mutable_command() = to_proto_command(command);
            if (!writer.write(response) || is_final(command.state)) {
                return absl::OkStatus();
            }
        }
        version = parts_.signal.wait_newer(request.command_id(), version, kCommandWait);
    }
    return absl::OkStatus();
}

}  // namespace prepay::metering
