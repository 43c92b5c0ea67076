#include "meters/app/read_error.h"

namespace prepay::metering {
namespace {

std::string block_text(const PackBlock& block) {
    const std::string address = hex_text({static_cast<std::uint8_t>(block.address >> 8),
                                          static_cast<std::uint8_t>(block.address & 0xFF)});
    return "block of " + std::to_string(block.count) + " registers at " + address;
}

}  // namespace

std::string hex_text(const Bytes& bytes) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += text.empty() ? "" : " ";
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0xF];
    }
    return text;
}

ReadError error_of(const WireReply& reply) {
    switch (reply.outcome) {
        case WireOutcome::kTimeout:
            return {"METER_SILENT", "the meter did not answer in time"};
        case WireOutcome::kBadFrame:
            return {"BAD_REPLY", std::string("the reply is no answer to the request: ") +
                                     fault_text(reply.answer.fault)};
        case WireOutcome::kDisconnected:
            return {"LINE_LOST", "the connection of the line broke"};
        case WireOutcome::kReply:
            break;
    }
    if (reply.answer.ok()) {
        return {};
    }
    const std::string code = std::to_string(reply.answer.code);
    if (reply.answer.kind == AnswerKind::kBusy) {
        return {"METER_BUSY", "the meter is busy (exception " + code + ")"};
    }
    return {"METER_EXCEPTION",
            "the meter refused with exception " + code + ", " + reply.answer.text};
}

Status read_status(const WireReply& reply, const PackBlock& block) {
    const ReadError error = error_of(reply);
    const std::string received =
        reply.received_bytes.empty() ? "nothing" : hex_text(reply.received_bytes);
    const std::string text = block_text(block) + ": " + error.text + "; sent " +
                             hex_text(reply.sent_bytes) + ", received " + received;
    if (reply.outcome == WireOutcome::kTimeout) {
        return make_error(absl::StatusCode::kDeadlineExceeded, error.kind, text);
    }
    if (reply.outcome == WireOutcome::kReply && reply.answer.kind != AnswerKind::kBusy) {
        return failed_precondition(error.kind, text);
    }
    return unavailable(error.kind, text);
}

bool is_worth_repeating(const WireReply& reply) {
    return reply.outcome != WireOutcome::kReply || reply.answer.kind == AnswerKind::kBusy;
}

}  // namespace prepay::metering
