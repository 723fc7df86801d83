import HTTPTypes

/// What a path means, and which methods it takes.
enum Endpoint: Equatable {
    case pods
    case pod(String)
    case podAction(String)
    case podLogs(String)
    case gpus
    case gpu(String)
    case dataCentres
    case billing
    case secrets
    case secret(String)
    case graphQL
    /// REST v1, which is no more.
    case retired
    case ledger
    case faults
    case unknown

    init(path: [String]) {
        switch path.count {
        case 1 where path == ["graphql"]: self = .graphQL
        case 2 where path == ["emulator", "ledger"]: self = .ledger
        case 2 where path == ["emulator", "faults"]: self = .faults
        case 1... where path[0] == "v1": self = .retired
        case 2 where path == ["v2", "pods"]: self = .pods
        case 3 where path[...1] == ["v2", "pods"]: self = .pod(path[2])
        case 4 where path[...1] == ["v2", "pods"] && path[3] == "action": self = .podAction(path[2])
        case 4 where path[...1] == ["v2", "pods"] && path[3] == "logs": self = .podLogs(path[2])
        case 3 where path == ["v2", "catalog", "gpus"]: self = .gpus
        case 4 where path[...2] == ["v2", "catalog", "gpus"]: self = .gpu(path[3])
        case 3 where path == ["v2", "catalog", "datacenters"]: self = .dataCentres
        case 3 where path == ["v2", "billing", "pods"]: self = .billing
        case 3 where path == ["v2", "account", "secrets"]: self = .secrets
        case 4 where path[...2] == ["v2", "account", "secrets"]: self = .secret(path[3])
        default: self = .unknown
        }
    }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .pods, .secrets: [.get, .post]
        case .pod: [.get, .delete]
        case .secret: [.delete]
        case .podAction, .graphQL: [.post]
        case .podLogs, .gpus, .gpu, .dataCentres, .billing, .ledger: [.get]
        case .faults: [.get, .post, .delete]
        case .retired, .unknown: []
        }
    }

    /// Admin's own: no key, no limits, no faults.
    var isAdmin: Bool { self == .ledger || self == .faults }

    func operation(_ method: HTTPRequest.Method) -> Operation {
        switch self {
        case .pods: method == .post ? .create : .list
        case .pod: method == .delete ? .terminate : .read
        case .podAction, .secrets, .secret, .graphQL, .retired, .ledger, .faults, .unknown: .other
        case .podLogs: .logs
        case .gpus, .gpu, .dataCentres: .catalogue
        case .billing: .billing
        }
    }
}
