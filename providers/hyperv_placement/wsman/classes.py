"""The classes in use, property by property: `type Name Name[]; type ...`, `[]` marks an array.

Sources: the win32 reference pages "Hyper-V WMI classes (V2)" and "Win32 classes", microsoft/wmi (generated from
live hosts, trees server2019 and server23h2), and for Msvm_ComputerSystem, jobs, switches and ports the answers of a
real host published by r4sd/go-wsman.
"""

from __future__ import annotations

_V2 = "root/virtualization/v2"

_ELEMENT = "string Caption Description ElementName InstanceID"
_STATUS = (
    "datetime InstallDate; string Name Status StatusDescriptions[]; "
    "uint16 CommunicationStatus DetailedStatus HealthState OperatingStatus OperationalStatus[] PrimaryStatus"
)
_ENABLED = (
    "uint16 AvailableRequestedStates[] EnabledDefault EnabledState RequestedState TransitioningToState; "
    "string OtherEnabledState; datetime TimeOfLastStateChange"
)
_SYSTEM = (
    f"{_ELEMENT}; {_STATUS}; {_ENABLED}; string CreationClassName NameFormat PrimaryOwnerContact PrimaryOwnerName "
    "Roles[] IdentifyingDescriptions[] OtherIdentifyingInfo[] OtherDedicatedDescriptions[]; "
    "uint16 Dedicated[] PowerManagementCapabilities[] ResetCapability"
)
_COMPUTER_SYSTEM = (
    f"{_SYSTEM}; uint16 EnhancedSessionModeState FailedOverReplicationType LastReplicationType NumberOfNumaNodes "
    "ReplicationHealth ReplicationMode ReplicationState; uint32 HwThreadsPerCoreRealized ProcessID; "
    "uint64 OnTimeInMilliseconds; datetime LastApplicationConsistentReplicationTime LastReplicationTime "
    "LastSuccessfulBackupTime TimeOfLastConfigurationChange; string ManagementVtlImageFileName ManagementVtlImageVersion"
)
_JOB = (
    f"{_ELEMENT}; {_STATUS}; boolean Cancellable DeleteOnCompletion; datetime ScheduledStartTime StartTime "
    "TimeOfLastStateChange TimeSubmitted UntilTime; interval ElapsedTime RunStartInterval TimeBeforeRemoval; "
    "uint16 ErrorCode JobState JobType LocalOrUtcTime PercentComplete RecoveryAction; "
    "uint32 JobRunTimes Priority; sint8 RunDay RunDayOfWeek; uint8 RunMonth; "
    "string ErrorDescription ErrorSummaryDescription JobStatus Notify OtherRecoveryAction Owner"
)
_SERVICE = (
    f"{_ELEMENT}; {_STATUS}; {_ENABLED}; string CreationClassName PrimaryOwnerContact PrimaryOwnerName StartMode "
    "SystemCreationClassName SystemName; boolean Started"
)
_ALLOCATION = (
    f"{_ELEMENT}; boolean AutomaticAllocation AutomaticDeallocation; string Address AddressOnParent "
    "AllocationUnits Connection[] HostResource[] OtherResourceType Parent PoolID ResourceSubType "
    "VirtualQuantityUnits; uint16 ConsumerVisibility MappingBehavior ResourceType; uint32 Weight; "
    "uint64 Limit Reservation VirtualQuantity"
)
_PORT = (
    f"{_ELEMENT}; {_STATUS}; {_ENABLED}; string CreationClassName DeviceID IdentifyingDescriptions[] "
    "NetworkAddresses[] OtherIdentifyingInfo[] OtherLinkTechnology OtherNetworkPortType OtherPortType "
    "PermanentAddress SystemCreationClassName SystemName; boolean AutoSense ErrorCleared FullDuplex IsBound "
    "PowerManagementSupported; "
    "string CapabilityDescriptions[] OtherEnabledCapabilities[]; "
    "uint16 AdditionalAvailability[] Availability Capabilities[] EnabledCapabilities[] "
    "LinkTechnology PortNumber PortType PowerManagementCapabilities[] StatusInfo UsageRestriction; "
    "uint32 LastErrorCode MaxDataSize; uint64 ActiveMaximumTransmissionUnit MaxQuiesceTime MaxSpeed "
    "PowerOnHours RequestedSpeed Speed SupportedMaximumTransmissionUnit TotalPowerOnHours; string ErrorDescription"
)

CLASSES: dict[str, tuple[str, str]] = {
    "Msvm_ComputerSystem": (_V2, _COMPUTER_SYSTEM),
    "Msvm_PlannedComputerSystem": (
        _V2,
        (
            f"{_SYSTEM}; uint16 AssignedNumaNodeList[]; uint64 OnTimeInMilliseconds; uint32 ProcessID; "
            "datetime TimeOfLastConfigurationChange"
        ),
    ),
    "Msvm_VirtualSystemSettingData": (
        _V2,
        (
            f"{_ELEMENT}; string AdditionalRecoveryInformation BIOSGUID BIOSSerialNumber BaseBoardSerialNumber "
            "BootPciExpressInstanceFilter BootSourceOrder[] ChassisAssetTag ChassisSerialNumber ConfigurationDataRoot ConfigurationFile ConfigurationID "
            "FirmwareFile GuestStateDataRoot GuestStateFile LogDataRoot MemoryHostingJobObjectName Notes[] "
            "NumaNodeTopologyArray[] Parent RecoveryFile SecureBootTemplateId SnapshotDataRoot SuspendDataRoot "
            "SwapFileDataRoot Version VirtualSystemIdentifier VirtualSystemSubType VirtualSystemType WorkerJobObjectName; "
            "boolean AllowFullSCSICommandSet AllowReducedFcRedundancy AutomaticSnapshotsEnabled BIOSNumLock BootPciExpress "
            "EnableHibernation GuestControlledCacheTypes GuestStateIsolationEnabled IncrementalBackupEnabled IsAutomaticSnapshot IsSaved LockOnDisconnect "
            "PauseAfterBootFailure SecureBootEnabled TurnOffOnGuestRestart VirtualNumaEnabled WatchdogEnabled; "
            "uint16 AutomaticCriticalErrorAction AutomaticRecoveryAction AutomaticShutdownAction AutomaticStartupAction "
            "AutomaticStartupActionSequenceNumber BootOrder[] ConsoleMode DebugPortEnabled "
            "EnhancedSessionTransportType GuestStateIsolationMode GuestStateIsolationType NetworkBootPreferredProtocol "
            "UserSnapshotType VMBusMessageRedirection; uint32 DebugChannelId DebugPort; "
            "uint64 GuestFeatureSet HighMmioGapBase HighMmioGapSize LowMmioGapSize Vtl2AddressRangeBase "
            "Vtl2AddressRangeSize Vtl2MmioAddressRangeSize; datetime CreationTime; "
            "interval AutomaticCriticalErrorActionTimeout AutomaticStartupActionDelay"
        ),
    ),
    "Msvm_ResourceAllocationSettingData": (_V2, _ALLOCATION),
    "Msvm_StorageAllocationSettingData": (
        _V2,
        (
            f"{_ALLOCATION}; string HostExtentName IOPSAllocationUnits OtherHostExtentNameFormat OtherHostExtentNameNamespace SnapshotId "
            "StorageQoSPolicyID; boolean IgnoreFlushes PersistentReservationsSupported; uint16 Access CachingMode "
            "HostExtentNameFormat HostExtentNameNamespace WriteHardeningMethod; uint64 HostResourceBlockSize "
            "HostExtentStartingAddress IOPSLimit IOPSReservation VirtualResourceBlockSize"
        ),
    ),
    "Msvm_MemorySettingData": (
        _V2,
        (
            f"{_ALLOCATION}; boolean DynamicMemoryEnabled HugePagesEnabled IsVirtualized SgxEnabled SwapFilesInUse; "
            "uint8 MemoryAccessTrackingPolicy MemoryEncryptionPolicy; uint32 SgxLaunchControlMode TargetMemoryBuffer; uint64 MaxMemoryBlocksPerNumaNode SgxSize; string SgxLaunchControlDefault"
        ),
    ),
    "Msvm_ProcessorSettingData": (
        _V2,
        (
            f"{_ALLOCATION}; boolean AllowACountMCount EnableHostResourceProtection EnableLegacyApicMode EnablePerfmonIpt "
            "EnablePerfmonLbr EnablePerfmonPebs EnablePerfmonPmu EnableSocketTopology ExposeVirtualizationExtensions "
            "HideHypervisorPresent LimitCPUID LimitProcessorFeatures; string CpuGroupId ProcessorFeatureSet; "
            "uint8 EnablePageShattering LimitProcessorFeaturesMode; uint32 L3CacheWays MaxClusterCountPerSocket "
            "MaxProcessorCountPerL3; uint64 HwThreadsPerCore MaxNumaNodesPerSocket MaxProcessorsPerNumaNode"
        ),
    ),
    "Msvm_PciExpressSettingData": (
        _V2,
        f"{_ALLOCATION}; string VirtualSystemIdentifiers[]; uint16 VirtualFunctions[]",
    ),
    "Msvm_GpuPartitionSettingData": (
        _V2,
        (
            f"{_ALLOCATION}; uint64 MaxPartitionCompute MaxPartitionDecode MaxPartitionEncode MaxPartitionVRAM "
            "MinPartitionCompute MinPartitionDecode MinPartitionEncode MinPartitionVRAM OptimalPartitionCompute "
            "OptimalPartitionDecode OptimalPartitionEncode OptimalPartitionVRAM"
        ),
    ),
    "Msvm_SyntheticFcPortSettingData": (
        _V2,
        (
            f"{_ALLOCATION}; boolean ChapEnabled; string SecondaryWWNN SecondaryWWPN VirtualPortWWNN VirtualPortWWPN "
            "VirtualSystemIdentifiers[]"
        ),
    ),
    "Msvm_FcPortAllocationSettingData": (_V2, _ALLOCATION),
    "Msvm_VirtualFcSwitch": (_V2, _SYSTEM),
    "Msvm_CompatibilityVector": (_V2, "uint32 CompareOperation VectorId; uint64 CompatibilityInfo"),
    "Msvm_SummaryInformation": (
        _V2,
        (
            "string AllocatedGPU ElementName GuestOperatingSystem HostComputerSystemName InstanceID Name Notes "
            "OtherEnabledState StatusDescriptions[] VirtualSwitchNames[] VirtualSystemSubType; boolean "
            "MemorySpansPhysicalNumaNodes SwapFilesInUse; datetime CreationTime; sint32 AvailableMemoryBuffer "
            "MemoryAvailable; uint16 ApplicationHealth EnabledState EnhancedSessionModeState HealthState Heartbeat "
            "IntegrationServicesVersionState NumberOfProcessors OperationalStatus[] ProcessorLoad ReplicationHealth "
            "ReplicationMode ReplicationState; uint64 MemoryUsage UpTime"
        ),
    ),
    "Msvm_SecuritySettingData": (
        _V2,
        (
            f"{_ELEMENT}; boolean AppContainerLaunchOptOut BindToHostTpm DataProtectionRequested EncryptStateAndVmMigrationTraffic KsdEnabled "
            "ShieldingRequested TpmEnabled VirtualizationBasedSecurityOptOut"
        ),
    ),
    "Msvm_SyntheticEthernetPortSettingData": (
        _V2,
        (
            f"{_ALLOCATION}; boolean AllowDirectTranslatedP2P AllowPacketDirect ClusterMonitored DeviceNamingEnabled "
            "InterruptModeration NumaAwarePlacement StaticMacAddress; string OtherEndpointMode VirtualSystemIdentifiers[]; "
            "uint16 DesiredVLANEndpointMode; uint32 MediaType"
        ),
    ),
    "Msvm_EthernetPortAllocationSettingData": (
        _V2,
        (
            f"{_ALLOCATION}; string CompartmentGuid LastKnownSwitchName RequiredFeatureHints[] RequiredFeatures[] "
            "OtherEndpointMode TestReplicaPoolID TestReplicaSwitchName; uint16 DesiredVLANEndpointMode EnabledState"
        ),
    ),
    "Msvm_VirtualEthernetSwitch": (
        _V2,
        f"{_SYSTEM}; uint32 MaxIOVOffloads MaxVMQOffloads",
    ),
    "Msvm_VirtualEthernetSwitchSettingData": (
        _V2,
        (
            f"{_ELEMENT}; string AssociatedResourcePool[] ConfigurationDataRoot ConfigurationFile ConfigurationID ExtensionOrder[] "
            "LogDataRoot Notes[] RecoveryFile SnapshotDataRoot SuspendDataRoot SwapFileDataRoot VLANConnection[] "
            "VirtualSystemIdentifier VirtualSystemType; datetime CreationTime; interval AutomaticStartupActionDelay; "
            "uint16 AutomaticRecoveryAction AutomaticShutdownAction AutomaticStartupAction AutomaticStartupActionSequenceNumber; "
            "uint32 BandwidthReservationMode MaxNumMACAddress; boolean IOVPreferred PacketDirectEnabled TeamingEnabled"
        ),
    ),
    "Msvm_EthernetSwitchPortVlanSettingData": (
        _V2,
        (
            f"{_ELEMENT}; uint32 OperationMode PvlanMode; uint16 AccessVlanId NativeVlanId PrimaryVlanId PruneVlanIdArray[] "
            "SecondaryVlanId SecondaryVlanIdArray[] TrunkVlanIdArray[]"
        ),
    ),
    "Msvm_EthernetSwitchPortOffloadSettingData": (
        _V2,
        (
            f"{_ELEMENT}; uint32 IOVInterruptModeration IOVOffloadWeight IOVQueuePairsRequested IPSecOffloadLimit "
            "PacketDirectModerationCount PacketDirectModerationInterval PacketDirectNumProcs VMQOffloadWeight VmmqQueuePairs "
            "VrssMinQueuePairs VrssQueueSchedulingMode VrssVmbusChannelAffinityPolicy; "
            "boolean VmmqEnabled VrssEnabled VrssExcludePrimaryProcessor VrssIndependentHostSpreading"
        ),
    ),
    "Msvm_NumaNode": (
        _V2,
        (
            f"{_ELEMENT}; {_STATUS}; {_ENABLED}; string CreationClassName NodeID SystemCreationClassName SystemName; "
            "uint32 NumberOfLogicalProcessors NumberOfProcessorCores; uint64 CurrentlyConsumableMemoryBlocks"
        ),
    ),
    "Msvm_VirtualSystemManagementServiceSettingData": (
        _V2,
        (
            f"{_ELEMENT}; string BiosLockString CurrentWWNNAddress DefaultExternalDataRoot DefaultVirtualHardDiskPath "
            "MaximumMacAddress MaximumWWPNAddress MinimumMacAddress MinimumWWPNAddress PrimaryOwnerContact PrimaryOwnerName; "
            "boolean EnhancedSessionModeEnabled HypervisorRootSchedulerEnabled NumaSpanningEnabled; uint32 HbaLunTimeout; "
            "uint16 DefaultVirtualHardDiskCachingMode"
        ),
    ),
    "Msvm_HeartbeatComponent": (
        _V2,
        (
            f"{_ELEMENT}; {_STATUS}; {_ENABLED}; string CreationClassName DeviceID SystemCreationClassName SystemName "
            "IdentifyingDescriptions[] OtherIdentifyingInfo[]; boolean ErrorCleared PowerManagementSupported; "
            "uint16 AdditionalAvailability[] Availability PowerManagementCapabilities[] StatusInfo; "
            "uint32 LastErrorCode; uint64 MaxQuiesceTime PowerOnHours TotalPowerOnHours; string ErrorDescription"
        ),
    ),
    "Msvm_VirtualSystemMigrationService": (
        _V2,
        (
            f"{_SERVICE}; string MigrationServiceListenerIPAddressList[]; "
            "uint32 ActiveStorageMigrationCount ActiveVirtualSystemMigrationCount"
        ),
    ),
    "Msvm_VirtualSystemManagementService": (_V2, _SERVICE),
    "Msvm_ImageManagementService": (_V2, _SERVICE),
    "Msvm_VirtualEthernetSwitchManagementService": (_V2, _SERVICE),
    "Msvm_VirtualSystemMigrationServiceSettingData": (
        _V2,
        (
            f"{_ELEMENT}; boolean EnableCompression EnableSmbTransport EnableVirtualSystemMigration; "
            "uint32 AuthenticationType MaximumActiveStorageMigration MaximumActiveVirtualSystemMigration"
        ),
    ),
    "Msvm_VirtualSystemMigrationSettingData": (
        _V2,
        (
            f"{_ELEMENT}; string AdvancedOptions BandwidthUnit DestinationIPAddressList[] "
            "DestinationPlannedVirtualSystemId OtherTransportType UnmanagedVhds[]; "
            "uint16 Bandwidth CPUCappingMagnitude MigrationType Priority TransportType; "
            "boolean AllowOverwriteExistingFile AvoidRemovingVHDs CancelIfBlackoutThresholdExceeded EnableCompression "
            "EnableVhdCompression RemoveSourceUnmanagedVhds RetainVhdCopiesOnSource"
        ),
    ),
    "Msvm_MoveUnmanagedVhd": (
        _V2,
        "string Caption Description ElementName InstanceID VhdDestinationPath VhdSourcePath",
    ),
    "Msvm_VirtualSystemMigrationNetworkSettingData": (
        _V2,
        f"{_ELEMENT}; string SubnetNumber Tags[]; uint8 PrefixLength; uint32 Metric",
    ),
    "Msvm_MigrationJob": (
        _V2,
        (
            f"{_JOB}; string DestinationHost NewResourceSettingData[] NewSystemSettingData VirtualSystemName; "
            "uint16 MigrationType"
        ),
    ),
    "Msvm_ConcreteJob": (_V2, _JOB),
    "Msvm_StorageJob": (_V2, f"{_JOB}; string Child Parent; uint32 JobCompletionStatusCode"),
    "Msvm_AffectedJobElement": (
        _V2,
        "reference AffectedElement AffectingElement; uint16 ElementEffects[]; string OtherElementEffectsDescriptions[]",
    ),
    "Msvm_Error": (
        _V2,
        (
            "uint32 CIMStatusCode; string CIMStatusCodeDescription ErrorSource Message MessageArguments[] MessageID "
            "OtherErrorSourceFormat OtherErrorType OwningEntity ProbableCauseDescription RecommendedActions[]; "
            "uint16 ErrorSourceFormat ErrorType PerceivedSeverity ProbableCause"
        ),
    ),
    "Msvm_VirtualHardDiskSettingData": (
        _V2,
        (
            f"{_ELEMENT}; string ParentIdentifier ParentPath Path VirtualDiskId; "
            "uint16 Format PmemAddressAbstractionType Type; uint32 BlockSize LogicalSectorSize PhysicalSectorSize; "
            "uint64 DataAlignment MaxInternalSize; boolean IsPmemCompatible; datetime ParentTimestamp"
        ),
    ),
    "Msvm_VirtualHardDiskState": (
        _V2,
        (
            "uint32 Alignment FragmentationPercentage; uint64 FileSize MinInternalSize; boolean InUse; "
            "uint32 PhysicalSectorSize; datetime Timestamp"
        ),
    ),
    "Msvm_ExternalEthernetPort": (_V2, _PORT),
    "Msvm_InternalEthernetPort": (_V2, _PORT.replace("FullDuplex IsBound", "FullDuplex")),
    "Msvm_WiFiPort": (_V2, "string DeviceID ElementName Name; boolean IsBound"),
    "Msvm_GuestNetworkAdapterConfiguration": (
        _V2,
        (
            "string InstanceID; boolean DHCPEnabled; uint16 IPAddressOrigins[] ProtocolIFType; "
            "string DNSServers[] DefaultGateways[] IPAddresses[] Subnets[]"
        ),
    ),
    "Win32_OperatingSystem": (
        "root/cimv2",
        (
            "string BuildNumber CSName Caption Version; uint64 FreePhysicalMemory FreeVirtualMemory "
            "TotalVirtualMemorySize TotalVisibleMemorySize; datetime LastBootUpTime LocalDateTime; uint32 OSLanguage"
        ),
    ),
    "Win32_Service": (
        "root/cimv2",
        (
            "string Caption CreationClassName DisplayName Name StartMode State Status SystemCreationClassName "
            "SystemName; boolean Started"
        ),
    ),
    "Win32_DeviceGuard": (
        "root/Microsoft/Windows/DeviceGuard",
        (
            "string InstanceIdentifier Version; uint32 VirtualizationBasedSecurityStatus; uint32 "
            "SecurityServicesConfigured[] SecurityServicesRunning[]"
        ),
    ),
    "Win32_Volume": (
        "root/cimv2",
        (
            "string Caption DeviceID DriveLetter FileSystem Label Name SystemName; uint64 BlockSize Capacity FreeSpace; "
            "uint32 DriveType SerialNumber; boolean Automount BootVolume SystemVolume"
        ),
    ),
    "Win32_ComputerSystem": (
        "root/cimv2",
        (
            "string DNSHostName Domain Manufacturer Model Name Workgroup; boolean HypervisorPresent PartOfDomain; "
            "uint64 TotalPhysicalMemory; uint32 NumberOfLogicalProcessors NumberOfProcessors; uint16 DomainRole"
        ),
    ),
    "Win32_ComputerSystemProduct": (
        "root/cimv2",
        "string Caption IdentifyingNumber Name UUID Vendor Version",
    ),
    "Win32_Processor": (
        "root/cimv2",
        (
            "string Caption CreationClassName Description DeviceID Manufacturer Name SystemName; "
            "uint32 MaxClockSpeed NumberOfCores NumberOfLogicalProcessors; uint16 Architecture Family"
        ),
    ),
    "__NAMESPACE": ("root", "string Name"),
    "MSCluster_Cluster": ("root/MSCluster", "string Caption Fqdn Name; uint32 MaximumParallelMigrations"),
    "MSCluster_Resource": (
        "root/MSCluster",
        "string Caption Id Name OwnerGroup OwnerNode PrivateProperties Type; uint32 State; boolean CoreResource",
    ),
    "MSCluster_ResourceGroup": (
        "root/MSCluster",
        "string Caption Id Name OwnerNode; uint32 GroupType State; uint64 StatusInformation",
    ),
}
"""Class -> WMI namespace and properties."""
