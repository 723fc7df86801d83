import CastCore

/// How a backup's file is packed; its name's ending says so.
enum ArchiveForm: String, CaseIterable {
    case zstd = ".tar.zst"
    case gzip = ".tar.gz"
    /// Not packed tighter: for libraries that are mostly audio, which does not get smaller.
    case plain = ".tar"

    /// - Throws: `.invalid` with the endings that there are.
    init(path: String) throws {
        guard let form = Self.allCases.first(where: { path.lowercased().hasSuffix($0.rawValue) }) else {
            let endings = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw CastError(.invalid, "“\(path)” is not the name of a backup; it must end in one of \(endings).")
        }
        self = form
    }

    /// The option of GNU tar.
    var option: [String] {
        switch self {
        case .zstd: ["--zstd"]
        case .gzip: ["--gzip"]
        case .plain: []
        }
    }
}
