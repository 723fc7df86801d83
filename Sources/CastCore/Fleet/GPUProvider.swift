package import Foundation

/// Where pods come from: RunPod, or processes on this machine.
///
/// A bag of calls, so that a test replaces the one it is about. An implementation retries what is safe to repeat and
/// nothing else; a call that is cancelled fails with `.unavailable`, and a create that had been sent with
/// `.unknownOutcome`.
package struct GPUProvider: Sendable {
    /// Buys a pod; at most once, whatever happens.
    package var create: @Sendable (PodRequest) async throws(ProviderFailure) -> ProviderPod

    /// The pods of exactly this name; the provider does not keep names unique.
    package var find: @Sendable (_ name: String) async throws(ProviderFailure) -> [ProviderPod]

    /// One pod; nil only when the provider itself said that there is none.
    package var pod: @Sendable (PodID) async throws(ProviderFailure) -> ProviderPod?

    /// The account's pods whose names begin so; terminated ones may be among them.
    package var list: @Sendable (_ prefix: String) async throws(ProviderFailure) -> PodList

    /// Ends a pod and its bill; one that is gone already is a success.
    ///
    /// Accepted is not gone: look it up until `pod` answers nil.
    package var terminate: @Sendable (PodID) async throws(ProviderFailure) -> Void

    package var offers: @Sendable (OfferQuery) async throws(ProviderFailure) -> [GPUOffer]

    /// What was billed for pods between two times, in the provider's own steps; recent minutes may be missing.
    package var billing: @Sendable (_ from: Date, _ to: Date) async throws(ProviderFailure) -> [BillingRecord]

    /// The account's balance; nil where it cannot be asked, which says nothing about it.
    package var balance: @Sendable () async -> Money?

    /// The last lines that a pod and its host wrote, oldest first.
    package var logs: @Sendable (PodID, _ lines: Int) async throws(ProviderFailure) -> [PodLogLine]

    package init(
        create: @escaping @Sendable (PodRequest) async throws(ProviderFailure) -> ProviderPod,
        find: @escaping @Sendable (_ name: String) async throws(ProviderFailure) -> [ProviderPod],
        pod: @escaping @Sendable (PodID) async throws(ProviderFailure) -> ProviderPod?,
        list: @escaping @Sendable (_ prefix: String) async throws(ProviderFailure) -> PodList,
        terminate: @escaping @Sendable (PodID) async throws(ProviderFailure) -> Void,
        offers: @escaping @Sendable (OfferQuery) async throws(ProviderFailure) -> [GPUOffer],
        billing: @escaping @Sendable (_ from: Date, _ to: Date) async throws(ProviderFailure) -> [BillingRecord],
        balance: @escaping @Sendable () async -> Money?,
        logs: @escaping @Sendable (PodID, _ lines: Int) async throws(ProviderFailure) -> [PodLogLine]
    ) {
        self.create = create
        self.find = find
        self.pod = pod
        self.list = list
        self.terminate = terminate
        self.offers = offers
        self.billing = billing
        self.balance = balance
        self.logs = logs
    }

    /// A provider for tests, which replace the calls that they expect; any other ends the test run.
    package static let unimplemented = GPUProvider(
        create: { _ in unexpected("create") },
        find: { _ in unexpected("find") },
        pod: { _ in unexpected("pod") },
        list: { _ in unexpected("list") },
        terminate: { _ in unexpected("terminate") },
        offers: { _ in unexpected("offers") },
        billing: { _, _ in unexpected("billing") },
        balance: { unexpected("balance") },
        logs: { _, _ in unexpected("logs") })

    private static func unexpected(_ call: String) -> Never {
        fatalError("GPUProvider.\(call) was called, and this test gave it nothing to do.")
    }
}
