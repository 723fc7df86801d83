import CastCore
import Foundation
import Hummingbird

extension EmulatorResponder {
    /// The bill in buckets; their sum is the ledger's to the millionth.
    func billing(_ call: Call) async throws -> Response {
        let now = self.world.time.now
        let bucket = call.query["bucketSize"] ?? "day"
        guard let length = Self.bucketLengths[bucket] else {
            throw Problem.invalid(["bucketSize must be one of \(Self.bucketLengths.keys.sorted())"])
        }
        let from = try Self.date("startTime", call.query) ?? now.addingTimeInterval(-30 * 86_400)
        let to = try Self.date("endTime", call.query) ?? now
        let pods = await self.world.bills(call.caller.account, pod: call.query["podId"])
        var records: [JSONValue] = []
        var total = Money.zero
        for (id, meter) in pods {
            guard let first = meter.spans.first?.from else { continue }
            let begun = max(from, self.world.time.date(first)).timeIntervalSince1970
            var start = (begun / length).rounded(.down) * length
            let end = min(to, now).timeIntervalSince1970
            while start < end {
                let edges = [max(start, from.timeIntervalSince1970), min(start + length, end)].map {
                    meter.cost(until: self.world.time.elapsed(at: Date(timeIntervalSince1970: $0)))
                }
                let amount = edges[1] - edges[0]
                if amount > .zero {
                    total += amount
                    records.append(Self.record(id, start, start + length, amount))
                }
                start += length
            }
        }
        return Self.json(
            .object([
                "records": .array(records),
                "metadata": .object([
                    "query": .object([
                        "startTime": .string(from.formatted(.iso8601)), "endTime": .string(to.formatted(.iso8601)),
                        "bucketSize": .string(bucket), "podId": call.query["podId"].map(JSONValue.string) ?? .null,
                    ]), "recordCount": .int(Int64(records.count)), "uniquePodCount": .int(Int64(pods.count)),
                    "totals": Self.amounts(total),
                ]),
            ]))
    }

    private static let bucketLengths: [String: Double] = [
        "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400,
    ]

    private static func date(_ name: String, _ query: [String: String]) throws(Problem) -> Date? {
        guard let text = query[name] else { return nil }
        guard let date = try? Date(text, strategy: .iso8601) else { throw .invalid(["\(name) must be a time"]) }
        return date
    }

    private static func amounts(_ amount: Money) -> JSONValue {
        .object([
            "totalAmount": .double(amount.dollars), "gpuAmount": .double(amount.dollars), "cpuAmount": .int(0),
            "diskAmount": .int(0),
        ])
    }

    private static func record(_ pod: String, _ from: Double, _ to: Double, _ amount: Money) -> JSONValue {
        guard case .object(var fields) = Self.amounts(amount) else { return .null }
        fields["podId"] = .string(pod)
        fields["startTime"] = .string(Date(timeIntervalSince1970: from).formatted(.iso8601))
        fields["endTime"] = .string(Date(timeIntervalSince1970: to).formatted(.iso8601))
        return .object(fields)
    }
}

extension PodWorld {
    func bills(_ account: String, pod: String?) -> [(String, Meter)] {
        self.order.compactMap { self.pods[$0] }.filter { $0.account == account && (pod == nil || pod == $0.id) }
            .map { ($0.id, $0.meter) }
    }
}
