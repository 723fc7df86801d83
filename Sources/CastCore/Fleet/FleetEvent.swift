package import Foundation

/// A line of the fleet's log: what was decided or what changed, and why.
package struct FleetEvent: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// A pod changed its state, or something became known of it.
        case pod
        /// Pods were bought, or deliberately not.
        case scaling
        /// Pods that the provider has and we did not know of.
        case sweep
        case budget
        /// Money that no run explains, or a pod that cannot be ended: somebody has to look.
        case alarm
        case provider
    }

    /// Its place in the log, once it is stored.
    package var id: Int64?
    package var at: Date
    package var kind: Kind
    package var instance: InstanceID?
    /// One sentence, without a period.
    package var message: String
    /// What the decision was made from.
    package var facts: [String: String]

    package init(
        id: Int64? = nil, at: Date, kind: Kind, instance: InstanceID? = nil, _ message: String,
        facts: [String: String] = [:]
    ) {
        self.id = id
        self.at = at
        self.kind = kind
        self.instance = instance
        self.message = message
        self.facts = facts
    }
}
