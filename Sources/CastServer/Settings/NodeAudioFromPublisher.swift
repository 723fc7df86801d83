import CastCore

/// Which nodes are told where a publisher has an episode's audio.
package enum NodeAudioFromPublisher: String, Sendable, CaseIterable {
    /// Pods of the fleet, which are far from this server and near to publishers' hosts.
    case pods
    /// Nodes of one's own as well: for those that are not in the server's network.
    case all
    case off

    /// Whether a node of this name is told.
    package func includes(nodeNamed name: String) -> Bool {
        switch self {
        case .off: false
        case .pods: InstanceID(nodeName: name) != nil
        case .all: true
        }
    }
}
