"""The operators that an upload may have: what encoders and their heads compute with, and what scripts need around it.

Not among them is what reads or writes files, prints, calls Python, another backend or a custom library, runs by itself
(fork, rpc), or looks at memory by a stride of the caller's (as_strided, set_, resize_).
"""

from collections.abc import Iterable

_TENSORS = """
    adjoint alias arange argmax argmin argsort argwhere atleast_1d atleast_2d block_diag broadcast_tensors
    broadcast_to bucketize cartesian_prod cat chunk clone column_stack complex concat concatenate
    constant_pad_nd contiguous copy_ cummax cummin cumprod cumsum detach diag diag_embed diagflat diagonal
    dstack empty empty_like expand expand_as eye fill fill_ flatten flip fliplr flipud full full_like gather
    hsplit hstack im2col index index_add index_add_ index_copy index_fill index_fill_ index_put index_put_
    index_select kthvalue lift_fresh linspace masked_fill masked_fill_ masked_scatter masked_scatter_
    masked_select meshgrid mH moveaxis movedim mT narrow narrow_copy new_empty new_full new_ones new_zeros
    nonzero nonzero_numpy numpy_T one_hot ones ones_like pad pad_sequence permute pixel_shuffle positive range
    ravel reflection_pad1d repeat repeat_interleave replication_pad1d reshape reshape_as roll rot90 row_stack
    scalar_tensor scatter scatter_ scatter_add scatter_add_ scatter_reduce searchsorted select select_scatter
    slice slice_scatter sort split split_with_sizes squeeze squeeze_ stack swapaxes swapdims t take
    take_along_dim tensor tensor_split tile to topk transpose transpose_ tril tril_ tril_indices triu triu_
    triu_indices type_as unbind unflatten unfold unique_consecutive unique_dim unsafe_chunk unsafe_split
    unsqueeze unsqueeze_ view view_as vsplit vstack where zero_ zeros zeros_like
"""
_NUMBERS = """
    abs abs_ absolute acos add add_ addcdiv addcmul amax amin aminmax angle asin atan atan2 bitwise_and
    bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil ceil_ clamp clamp_ clamp_max
    clamp_max_ clamp_min clamp_min_ clip clip_ conj conj_physical copysign cos cosh count_nonzero cumsum_ dist
    div div_ divide divide_ eq erf erf_ erfc erfinv exp exp2 exp_ expm1 fft_fft fft_fft2 fft_fftn fft_ifft
    fft_irfft fft_rfft fix float_power floor floor_ floor_divide floordiv fmax fmin fmod frac gcd ge gelu_
    greater greater_equal gt hardshrink hypot imag isclose isfinite isin isinf isnan isneginf isposinf isreal le
    lerp less less_equal lgamma log log10 log1p log1p_ log2 log_ logaddexp logcumsumexp logical_and logical_not
    logical_or logical_xor logit logsumexp lt max maximum mean median min minimum mul mul_ multiply multiply_
    nan_to_num nanmean nansum ne neg neg_ negative norm not_equal polar pow pow_ prod quantile real reciprocal
    reciprocal_ remainder resolve_conj resolve_neg round round_ rsqrt rsqrt_ rsub sgn sigmoid sigmoid_ sign sin
    sinc sinh special_entr special_erf special_expit special_expm1 special_log1p special_log_softmax
    special_logsumexp special_ndtr special_softmax special_xlogy sqrt sqrt_ square std std_mean sub sub_
    subtract subtract_ sum sum_to_size tan tanh tanh_ true_divide true_divide_ trunc trunc_ var var_mean
    view_as_complex view_as_real xlogy
"""
_ALGEBRA = """
    addbmm addmm addmv baddbmm bmm cdist chain_matmul cosine_similarity cross dot einsum frobenius_norm ger
    inner kron linalg_cross linalg_matmul linalg_matrix_norm linalg_matrix_power linalg_multi_dot linalg_norm
    linalg_vecdot linalg_vector_norm linear matmul matrix_exp mm mv outer pairwise_distance tensordot trace vdot
"""
_LAYERS = """
    _convolution _log_softmax _native_multi_head_attention _nested_tensor_from_mask
    _nested_tensor_from_mask_left_aligned _softmax _transformer_encoder_layer_fwd _weight_norm
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d alpha_dropout avg_pool1d avg_pool2d batch_norm
    bilinear celu celu_ channel_shuffle conv1d conv2d conv_transpose1d conv_transpose2d convolution dropout
    dropout_ elu elu_ embedding embedding_bag feature_dropout gelu glu group_norm gru gru_cell hardsigmoid
    hardsigmoid_ hardswish hardswish_ hardtanh hardtanh_ instance_norm layer_norm leaky_relu leaky_relu_
    log_sigmoid log_softmax lstm lstm_cell max_pool1d max_pool1d_with_indices max_pool2d mish mish_
    native_batch_norm native_group_norm native_layer_norm pixel_unshuffle prelu relu relu6 relu6_ relu_ rms_norm
    rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell scaled_dot_product_attention selu silu silu_ softmax softplus
    softshrink threshold to_padded_tensor upsample_linear1d upsample_nearest1d
"""
_SCRIPTS = """
    __and__ __contains__ __derive_index __getitem__ __is__ __isnot__ __lshift__ __not__ __or__ __range_length
    __round_to_zero_floordiv __rshift__ __xor__ _get_tracing_state _set_item _size_if_not_equal _unwrap_optional
    all any append as_tensor Bool broadcast_shapes capitalize center chr clear Complex ComplexImplicit copy
    count cpu Delete dense_dim dequantize device dict dim divmod element_size endswith equal extend find Float
    FloatImplicit format get get_device has_torch_function insert Int IntImplicit is_autocast_cpu_enabled
    is_autocast_enabled is_complex is_conj is_contiguous is_floating_point is_grad_enabled is_inference is_leaf
    is_neg is_nonzero is_pinned is_same_size is_scripting is_signed isalnum isalpha isdecimal isdigit
    isidentifier islower isnumeric isspace istitle isupper item items join keys len list ljust lower lstrip
    numel ord partition pop popitem q_scale q_zero_point remove replace requires_grad_ result_type reverse rfind
    rjust rpartition rsplit rstrip ScalarImplicit set_grad_enabled setdefault Size size sorted splitlines
    startswith storage_offset str stride strip swapcase sym_numel sym_size sym_storage_offset sym_stride title
    update upper values warn zfill
"""
_LANGUAGE = """
    abs CallFunction CallMethod Constant ConstantChunk CreateObject data device DictConstruct dtype Enter
    EnumName EnumValue Exit GetAttr grad If is_cpu is_cuda is_meta is_mkldnn is_mps is_nested is_quantized
    is_sparse is_sparse_csr is_vulkan is_xla is_xpu isinstance itemsize layout ListConstruct ListUnpack Loop max
    min ModuleContainerIndex nbytes NumToTensor Param RaiseException rangelist requires_grad Return SetAttr
    shape StringIndex tolist TupleConstruct TupleIndex TupleSlice TupleUnpack type unchecked_cast
    unchecked_unwrap_optional Uninitialized
"""
_QUANTIZED = """
    add add_relu batch_norm2d cat conv1d conv1d_dynamic conv1d_prepack conv1d_unpack conv2d conv2d_dynamic
    conv2d_prepack conv2d_unpack embedding_4bit embedding_bag_4bit_rowwise_offsets
    embedding_bag_byte_rowwise_offsets embedding_bag_prepack embedding_bag_unpack embedding_byte hardswish
    layer_norm leaky_relu linear linear_dynamic linear_dynamic_fp16 linear_dynamic_fp16_unpacked_weight
    linear_prepack linear_prepack_fp16 linear_relu linear_relu_dynamic linear_relu_dynamic_fp16 linear_unpack
    linear_unpack_fp16 make_quantized_cell_params make_quantized_cell_params_dynamic
    make_quantized_cell_params_fp16 matmul mul mul_relu prelu quantized_gru_cell_dynamic
    quantized_lstm_cell_dynamic quantized_rnn_relu_cell_dynamic quantized_rnn_tanh_cell_dynamic relu6 sigmoid
    softmax
"""
_QUANTIZING = """
    _choose_qparams_per_tensor choose_qparams_optimized fake_quantize_per_channel_affine
    fake_quantize_per_tensor_affine int_repr q_per_channel_axis q_per_channel_scales q_per_channel_zero_points
    qscheme quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic quantized_gru quantized_lstm
"""


def _named(namespace: str, *names: str) -> Iterable[str]:
    return (f"{namespace}::{name}" for text in names for name in text.split())


ALLOWED = frozenset(
    [
        *_named("aten", _TENSORS, _NUMBERS, _ALGEBRA, _LAYERS, _SCRIPTS, _QUANTIZING),
        *_named("prim", _LANGUAGE),
        *_named("quantized", _QUANTIZED),
    ]
)
