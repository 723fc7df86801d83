package import CastCore

/// The GPUs that the emulator rents out.
///
/// Ids, names and memory are RunPod's; prices are of the right size, and not to be relied on.
package struct Catalogue: Sendable {
    package struct GPU: Sendable {
        package var id: String
        package var name: String
        package var memory: Int
        package var secure: Money?
        package var community: Money?
        package var dataCentres: [String]
        package var cudaVersion: CUDAVersion

        func price(_ cloud: Cloud) -> Money? {
            switch cloud {
            case .secure: self.secure
            case .community: self.community
            }
        }
    }

    package var gpus: [GPU]

    func gpu(_ id: String) -> GPU? { self.gpus.first { $0.id == id } }

    package static let standard = Catalogue(gpus: [
        gpu("NVIDIA RTX A4000", 16, 0.25, 0.17), gpu("NVIDIA RTX A4500", 20, 0.26, 0.19),
        gpu("NVIDIA RTX A5000", 24, 0.27, 0.22), gpu("NVIDIA RTX A6000", 48, 0.53, 0.33),
        gpu("NVIDIA GeForce RTX 3090", 24, 0.50, 0.22), gpu("NVIDIA GeForce RTX 4080", 16, 0.60, 0.28),
        gpu("NVIDIA GeForce RTX 4090", 24, 0.69, 0.34), gpu("NVIDIA GeForce RTX 5090", 32, 0.94, 0.69),
        gpu("NVIDIA RTX 2000 Ada Generation", 16, 0.24, nil), gpu("NVIDIA RTX 4000 Ada Generation", 20, 0.28, 0.20),
        gpu("NVIDIA L4", 24, 0.44, nil), gpu("NVIDIA L40", 48, 0.82, 0.69), gpu("NVIDIA L40S", 48, 0.99, 0.79),
        gpu("NVIDIA A40", 48, 0.40, nil), gpu("NVIDIA A100 80GB PCIe", 80, 1.39, 1.19),
        gpu("NVIDIA H100 PCIe", 80, 2.39, 1.99),
    ])

    private static func gpu(_ id: String, _ memory: Int, _ secure: Double, _ community: Double?) -> GPU {
        let name = id.replacing("NVIDIA ", with: "").replacing("GeForce ", with: "").replacing(" Generation", with: "")
        return GPU(
            id: id, name: name, memory: memory, secure: Money(dollars: secure),
            community: community.flatMap(Money.init(dollars:)), dataCentres: ["EU-RO-1", "EU-SE-1", "US-KS-2"],
            cudaVersion: CUDAVersion(major: 13, minor: 0))
    }
}
