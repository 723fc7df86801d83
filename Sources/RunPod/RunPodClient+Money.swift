package import CastCore
package import Foundation
import Logging

extension RunPodClient {
    /// What was billed for pods, hour by hour.
    package func billing(from: Date, to: Date) async throws(ProviderFailure) -> [BillingRecord] {
        let answer = try await self.transport.perform(
            .read(
                "/v2/billing/pods",
                [("startTime", WireDate.write(from)), ("endTime", WireDate.write(to)), ("bucketSize", "hour")]))
        guard let entries = try Self.object(answer, .read).array("records") else {
            throw ProviderFailure(
                .unavailable, "RunPod's bill holds no records.", requestID: answer.requestID, status: answer.status)
        }
        let records = entries.compactMap { entry -> BillingRecord? in
            guard let entry = WireObject(entry), let pod = entry.name("podId"),
                let amount = entry.money("totalAmount"), let from = entry.date("startTime"),
                let to = entry.date("endTime")
            else { return nil }
            return BillingRecord(pod: PodID(pod), from: from, to: to, amount: amount)
        }
        if records.count < entries.count {
            self.transport.logger.warning(
                "runpod's bill has records that cannot be read",
                metadata: ["records": "\(entries.count - records.count)"])
        }
        return records
    }

    /// The account's balance, which only the old GraphQL interface knows; nil where that does not answer.
    package func balance() async -> Money? {
        struct Query: Encodable {
            var query = "query { myself { clientBalance currentSpendPerHr } }"
        }
        // A question, though it is a POST: nothing is lost when its answer is.
        guard let call = try? RunPodCall.post(.post, "/graphql", Query(), timeout: .seconds(10)),
            let answer = try? await self.transport.perform(call)
        else { return nil }
        return answer.object?.object("data")?.object("myself")?.money("clientBalance")
    }
}
